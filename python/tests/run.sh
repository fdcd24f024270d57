#!/bin/sh
# Builds the wheel once, installs it into a fresh environment and runs its tests there, as CI does; then tries the same
# wheel with every other CPython of the machine.
#   python/tests/run.sh [PYTHON [WHEEL]]       the interpreter to test with, python3 by default, and a wheel that is there
set -eu
cd "$(dirname "$0")/../.."
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${1:-python3}" -m venv "$environment"
python="$environment/bin/python"
wheel="${2:-}"
if [ -z "$wheel" ]; then
  "$python" -m pip wheel --quiet --no-deps --wheel-dir "$environment/wheel" .
  wheel=$(echo "$environment"/wheel/*.whl)
fi
"$python" -m pip install --quiet "$wheel" -r python/tests/requirements.txt
"$python" -m ruff check --quiet python
"$python" -m mypy --no-error-summary python/iiswsgi
"$python" -m pytest python/tests
"$python" python/tests/versions.py "$wheel"
