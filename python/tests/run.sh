#!/bin/sh
# Builds and installs the wheel into a fresh environment and runs its tests there, as CI does.
#   python/tests/run.sh [PYTHON [WHEEL]]       the interpreter to test with, python3 by default, and a wheel that is there
set -eu
cd "$(dirname "$0")/../.."
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${1:-python3}" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet "${2:-.}" -r python/tests/requirements.txt
"$environment/bin/python" -m ruff check --quiet python
"$environment/bin/python" -m mypy --no-error-summary python/iiswsgi
"$environment/bin/python" -m pytest python/tests
