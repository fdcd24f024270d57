#!/usr/bin/env python3
"""Searches all files of a folder for secrets, also within archives and as basic authentication writes them.

    tests/secrets.py FOLDER SECRET...     fails, and names each line, when one is there
    tests/secrets.py --self-test          plants secrets and sees that each is found

A line by which the runner is told what to hide (``::add-mask::``) may have them: the runner shows nothing of it.
"""

from __future__ import annotations

import base64
import gzip
import io
import os
import sys
import tarfile
import tempfile
import zipfile


def forms(secret: str) -> list[bytes]:
    """A secret as it is, and what base64 makes of it at each of the three places where it can begin."""
    raw = secret.encode()
    found = [raw]
    for before in range(3):
        padded = b"\0" * before + raw
        text = base64.b64encode(padded[: len(padded) // 3 * 3])
        # The first character that the bytes before have no part in.
        found.append(text[-(-before * 8 // 6) :])
    return found


def contents(name: str, data: bytes):
    """A file's bytes, and those of what is packed in it."""
    yield name, data
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.namelist():
                    yield from contents(f"{name}!{member}", archive.read(member))
        elif data[:2] == b"\x1f\x8b":
            plain = gzip.decompress(data)
            yield from contents(f"{name}!", plain)
        elif data[257:262] == b"ustar":
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive:
                    if member.isfile():
                        yield from contents(f"{name}!{member.name}", archive.extractfile(member).read())
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, RuntimeError):
        return  # It is no archive, or a broken one: its bytes were looked at.


def lines(folder: str, secrets: list[str]):
    """The lines with a secret in them, each with its file."""
    needles = [form for secret in secrets for form in forms(secret)]
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            for place, text in contents(os.path.relpath(path, folder), data):
                if not any(needle in text for needle in needles):
                    continue
                for line in text.splitlines():
                    if b"::add-mask::" not in line and any(needle in line for needle in needles):
                        yield f"{place}: {line.decode(errors='replace')[:200]}"


def self_test() -> None:
    secret = "gh-planted-secret-4711"

    def zipped(data: bytes) -> bytes:
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a/b.txt", data)
        return memory.getvalue()

    def tarred(data: bytes) -> bytes:
        memory = io.BytesIO()
        with tarfile.open(fileobj=memory, mode="w:gz") as archive:
            member = tarfile.TarInfo("a")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        return memory.getvalue()

    plain = f"token: {secret}\n".encode()
    planted = {
        "log": plain,
        "report.json": b'{"a": "' + secret.encode() + b'"}',
        "header": b"Authorization: Basic " + base64.b64encode(f"x-access-token:{secret}".encode()),
        "package.zip": zipped(plain),
        "wheel within a package.zip": zipped(zipped(plain)),
        "sdist.tar.gz": tarred(plain),
        "binary": b"\0\xff" + plain,
    }
    harmless = {"masked": f"::add-mask::{secret}\n".encode(), "other": b"gh-planted-secret-4712", "broken.zip": b"PK\3\4 no"}
    for name, data in {**planted, **harmless}.items():
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "below"))
            with open(os.path.join(folder, "below", name), "wb") as file:
                file.write(data)
            found = list(lines(folder, ["another-secret", secret]))
            assert bool(found) == (name in planted), (name, found)
    print(f"each of {len(planted)} planted secrets is found, and nothing else")


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(lines(sys.argv[1], sys.argv[2:]))
    for line in found:
        print(f"a secret is in what was written: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
