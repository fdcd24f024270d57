#!/usr/bin/env bash
# Lays out what `iiswsgi run` needs on Windows and the setup of Wine does not bring: a Python that can make virtual environments and
# has pip, the wheels of the examples' requirements, and the gateway's own wheel. Kept between runs.
#
#   tests/windows/lay_out.sh PYTHON LAUNCHER MODULE FOLDER      the folder of a Windows Python, venvlauncher.exe, _iiswsgi.dll, where to
set -euo pipefail
cd "$(dirname "$0")/../.."
python="$1" launcher="$2" module="$3" folder="$4"
mkdir -p "$folder"

if [ ! -x "$folder/python/python.exe" ]; then
  cp -r "$python" "$folder/python~"
  # The pip that comes with the standard library; running ensurepip under Wine takes a minute for the same.
  python3 -m zipfile -e "$folder/python~"/Lib/ensurepip/_bundled/pip-*.whl "$folder/python~/Lib/site-packages"
  mv "$folder/python~" "$folder/python"
fi
# Where `venv` looks for what it copies into an environment.
cp "$launcher" "$folder/python/venvlauncher.exe"

if [ ! -e "$folder/wheels/.complete" ]; then
  # What is installed on Windows alone is named here, since pip asks the machine that it runs on.
  python3 -m pip download --quiet --dest "$folder/wheels" --platform win_amd64 --python-version 3.11 --only-binary :all: \
    -r examples/flask/requirements.txt -r examples/django/requirements.txt colorama tzdata
  touch "$folder/wheels/.complete"
fi
if [ ! -e "$folder/tests/.complete" ]; then
  python3 -m pip install --quiet --target "$folder/tests" --platform win_amd64 --python-version 3.11 --only-binary :all: \
    pytest hypothesis colorama
  touch "$folder/tests/.complete"
fi
rm -f "$folder/wheels"/iiswsgi-*.whl
tests/windows/wheel.py "$module" "$folder/wheels"
