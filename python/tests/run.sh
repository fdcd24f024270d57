#!/bin/sh
# Builds the wheel once, from the source distribution as pip does where there is no wheel, installs it into a fresh environment
# and runs its tests there; then tries the same wheel with every other CPython of the machine, and on Debian with the newest
# that it has for its next release.
#   python/tests/run.sh [--all] [PYTHON [WHEEL]]
#     --all     the whole tests with every CPython, where else a short part runs and the whole with PYTHON and 3.14 alone
#     PYTHON    the interpreter to test with, python3 by default
#     WHEEL     one that is there
set -eu
cd "$(dirname "$0")/../.."
extent=short
if [ "${1:-}" = --all ]; then
  extent=whole
  shift
fi
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${1:-python3}" -m venv "$environment"
python="$environment/bin/python"
wheel="${2:-}"
if [ -z "$wheel" ]; then
  "$python" -m pip install --quiet 'maturin>=1.16,<2'
  python/tests/sdist.sh "$environment/sdist" "$python"
  # What it is built with was compiled before. Nothing else of the checkout is at hand.
  target=${CARGO_TARGET_DIR:-$PWD/target}
  (cd "$environment" && env -u IISWSGI_GATEWAY CARGO_TARGET_DIR="$target" \
    "$python" -m pip wheel --quiet --no-deps --wheel-dir "$environment/wheel" "$environment"/sdist/*.tar.gz)
  wheel=$(echo "$environment"/wheel/*.whl)
fi
# The newest pip: it installs for the newest Pythons as well.
"$python" -m pip install --quiet --upgrade pip
"$python" -m pip install --quiet "$wheel" -r python/tests/requirements.txt -r python/tests/lint-requirements.txt
"$python" -m ruff check --quiet python
"$python" -m mypy --no-error-summary python/iiswsgi python/tests/typed_use.py
"$python" -m pytest python/tests
case "$wheel" in
  *-abi3-*) ;;
  *)
    echo "this wheel is for $("$python" -VV) alone"
    exit
    ;;
esac
"$python" python/tests/versions.py "$extent" "$wheel"
if grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
  python/tests/newer_pythons.sh "$environment/newer"
  "$python" python/tests/versions.py short "$wheel" "$environment"/newer/usr/bin/python3.*
  "$python" python/tests/versions.py whole "$wheel" "$environment"/newer/usr/bin/python3.14
fi
