"""Tries one wheel with every CPython from 3.9 on that this machine has.

    python python/tests/versions.py short|whole WHEEL [PYTHON…]

For the short tests, which take a few seconds, the abi3 wheel is unpacked once; each interpreter imports it from there and
makes a package, serves a request over FastCGI, and runs a command of setuptools where it has that. All must make the same
bytes. Times are told, not judged. For the whole tests it is installed into an environment of each.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = "import time; begun = time.perf_counter(); import iiswsgi; print((time.perf_counter() - begun) * 1000)"


def interpreters():
    """Every CPython from 3.9 on: those of pyenv, and those on PATH."""
    places = sorted(Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/*/bin/python3"))
    names = ["python3", *(f"python3.{minor}{kind}" for minor in range(9, 16) for kind in ("", "t"))]
    places += [Path(found) for found in map(shutil.which, names) if found]
    seen = {}
    for place in places:
        words = [place, "-c", "import sys; print(sys.implementation.name, *sys.version_info[:3], sys.abiflags)"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        found = done.stdout.split()
        if found and found[0] == "cpython" and (int(found[1]), int(found[2])) >= (3, 9):
            seen.setdefault(" ".join(found[1:]), place)
    return list(seen.values())


def tried(python, modules, folder):
    """Runs the short tests with an interpreter and gives its line."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("IISWSGI_", "PYTHON"))}
    env["PYTHONPATH"] = str(modules)

    def run(*words):
        return subprocess.run([python, *map(str, words)], env=env, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout

    times = sorted(float(run("-c", IMPORT)) for _ in range(7))
    result = run(HERE / "smoke.py")
    return result.strip(), times[len(times) // 2]


def short(wheel, pythons, work):
    """Runs the short tests with each. True when all passed and made the same bytes."""
    modules = Path(work, "modules")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(modules)
    failed = False
    sums = set()
    for python in pythons:
        try:
            line, milliseconds = tried(python, modules, Path(tempfile.mkdtemp(dir=work)))
        except subprocess.CalledProcessError as error:
            print(f"{python}: failed with exit code {error.returncode}\n{error.stdout}")
            failed = True
            continue
        sums.add(re.search(r"sha1 (\w+)", line)[1])
        print(f"{line}; import iiswsgi {milliseconds:.1f} ms", flush=True)
    if len(sums) > 1:
        print(f"the packages differ: {sums}")
    return not failed and len(sums) == 1


def whole(wheel, pythons, work):
    """Installs the wheel for each and runs the whole tests there. True when all passed."""
    failed = False
    for python in pythons:
        folder = tempfile.mkdtemp(dir=work)
        # Debian's interpreters bring no pip: this one's installs for them. It may be too new for the oldest.
        own = subprocess.run([python, "-c", "import ensurepip"], stderr=subprocess.DEVNULL, check=False).returncode == 0
        subprocess.run([python, "-m", "venv", *([] if own else ["--without-pip"]), folder], check=True)
        inner = Path(folder, "bin", "python")
        pip = [inner, "-m", "pip"] if own else [sys.executable, "-m", "pip", "--python", inner]
        words = ["--disable-pip-version-check", "install", "--quiet", wheel, "-r", HERE / "requirements.txt"]
        subprocess.run([*pip, *words], check=True)
        words = [inner, "-m", "pytest", "-q", "-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider", HERE]
        done = subprocess.run(words, cwd=HERE.parent.parent, stdout=subprocess.PIPE, text=True, check=False)
        told = done.stdout.strip().splitlines()
        version = subprocess.run([python, "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        print(f"{version}: {told[-1]}" if done.returncode == 0 else f"{done.stdout}\n{version}: failed", flush=True)
        failed = failed or done.returncode != 0
    return not failed


def main(extent, wheel, *pythons):
    with tempfile.TemporaryDirectory() as work:
        found = [Path(python) for python in pythons] or interpreters()
        return 0 if {"short": short, "whole": whole}[extent](Path(wheel).resolve(), found, work) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
