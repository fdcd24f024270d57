#!/bin/sh
# Builds and installs the wheel into a fresh environment and runs its tests there, as CI does.
#   python/tests/run.sh [PYTHON]       the interpreter to test with, python3 by default
set -eu
cd "$(dirname "$0")/../.."
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${1:-python3}" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet . pytest PasteDeploy setuptools
"$environment/bin/python" -m pytest python/tests
