#!/usr/bin/env bash
# `iiswsgi init` on the five examples with their configuration removed, each followed by the run that it names, and once with
# somebody at a terminal:  tests/init.sh PROGRAM
#
# Fresh projects of Django, Flask and Pyramid are made by the quick starts, see tests/docs/quick_starts.py.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
program="$(realpath "${1:-$root/target/release/iiswsgi}")"
export IISWSGI_GATEWAY="$root"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

for example in hello flask django pyramid classic; do
  cp -r "$root/examples/$example" "$example"
  rm -rf "$example/iiswsgi.yml" "$example/dist" "$example/.iiswsgi"
  # In pyproject.toml the configuration is the last part.
  [ ! -e "$example/pyproject.toml" ] || sed -i '/^\[tool.iiswsgi\]/,$d' "$example/pyproject.toml"
  "$program" init --yes "$example"
  "$program" init --yes "$example" 2>again && { echo "$example: it was overwritten"; exit 1; }
  grep -q -- '--force' again
  "$program" run --skip feed,publish "$example"
done

# Somebody at a terminal, who chooses the second application, takes this Python, and wants no workflow.
mkdir dialog
for name in one two; do
  printf 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"%s"]\n' "$name" >"dialog/$name.py"
done
printf '2\n\n\nn\ny\n' | script -qec "'$program' init dialog" /dev/null
grep -q '^app: two:application$' dialog/iiswsgi.yml
[ ! -e dialog/.github ]
# Who says no has changed nothing.
mkdir declined
cp dialog/one.py declined/
printf '\n\nn\nn\n' | script -qec "'$program' init declined" /dev/null && { echo "a no was taken for a yes"; exit 1; }
[ "$(ls -A declined)" = one.py ]
echo "init works on all examples and with a terminal"
