#!/usr/bin/env python3
"""Packs the extension module that was compiled for Windows and the Python package into a wheel, as maturin does on Windows.

  wheel.py MODULE FOLDER      prints the wheel's path
"""

import base64
import hashlib
import pathlib
import sys
import tomllib
import zipfile

here = pathlib.Path(__file__).resolve().parents[2]
module, folder = map(pathlib.Path, sys.argv[1:])
with (here / "Cargo.toml").open("rb") as file:
    version = tomllib.load(file)["workspace"]["package"]["version"]
tag = "cp39-abi3-win_amd64"
info = f"iiswsgi-{version}.dist-info"
content = {
    path.relative_to(here / "python").as_posix(): path.read_bytes()
    for path in sorted((here / "python/iiswsgi").rglob("*"))
    if path.is_file() and path.suffix in {".py", ".pyi", ".typed"} or path.name == "py.typed"
}
content["iiswsgi/_iiswsgi.pyd"] = module.read_bytes()
content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: iiswsgi\nVersion: {version}\n".encode()
content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()


def line(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


record = "".join(line(name, data) for name, data in content.items()) + f"{info}/RECORD,,\n"
folder.mkdir(parents=True, exist_ok=True)
wheel = folder / f"iiswsgi-{version}-{tag}.whl"
with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as packed:
    for name, data in [*content.items(), (f"{info}/RECORD", record.encode())]:
        packed.writestr(name, data)
print(wheel)
