"""Tries one wheel with every CPython from 3.9 on that this machine has, in a few seconds.

    python python/tests/versions.py WHEEL [PYTHON…]

The abi3 wheel is unpacked once; each interpreter imports it from there and makes a package, serves a request over
FastCGI, and runs a command of setuptools where it has that. All must make the same bytes. Times are told, not judged.
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


def main(wheel, *pythons):
    failed = False
    sums = set()
    with tempfile.TemporaryDirectory() as work:
        modules = Path(work, "modules")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(modules)
        for python in map(Path, pythons) if pythons else interpreters():
            folder = Path(tempfile.mkdtemp(dir=work))
            try:
                line, milliseconds = tried(python, modules, folder)
            except subprocess.CalledProcessError as error:
                print(f"{python}: failed with exit code {error.returncode}\n{error.stdout}")
                failed = True
                continue
            sums.add(re.search(r"sha1 (\w+)", line)[1])
            print(f"{line}; import iiswsgi {milliseconds:.1f} ms")
    if len(sums) > 1:
        print(f"the packages differ: {sums}")
    return failed or len(sums) != 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
