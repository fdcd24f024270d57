#!/usr/bin/env bash
# How long a request takes through the named pipe of the imitation of IIS: this gateway beside wfastcgi 3.0.0, in the same Python of
# Windows, under Wine. In turns; the table has the best of the rounds and the ratio. Run tests/windows/run.sh before: it
# builds what is measured here.
#
#   tests/windows/speed.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds="${1:-3}"
. tests/windows/wine.sh
site="$(mktemp -d)"
trap 'rm -rf "$site"' EXIT
# What is measured is the extension as it is shipped, but for the optimisation across crates, which the Rust that cross-compiles
# here has not been built for.
CARGO_PROFILE_RELEASE_LTO=off PYO3_CROSS=1 PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1 \
  "$WINCARGO" build --quiet --release --target "$target" -p iiswsgi-python --no-default-features
python3 -m pip install --quiet --root-user-action ignore --no-deps --target "$site" wfastcgi==3.0.0
cp -r python/iiswsgi "$site/iiswsgi"
cp "$built/../release/_iiswsgi.dll" "$site/iiswsgi/_iiswsgi.pyd"
cp tests/windows/served.py "$site/"

export PYTHONPATH WSGI_HANDLER=served.application IIS_USER_HOME
PYTHONPATH="$(windows_path "$site")"
IIS_USER_HOME="$(windows_path "$site")"

asked() { # the imitation's options, `--`, the words of Python: microseconds a request
  "$W/winerun" "$built/imitation-of-iis.exe" --folder "$(windows_path "$site")" "$@" | sed -n 's/.*; \([0-9.]*\) us a request.*/\1/p'
}
least() { sort -n | head -1; }

printf '| a request | iiswsgi | wfastcgi 3.0.0 | ratio |\n|---|---:|---:|---:|\n'
measure() { # what it is, the imitation's options
  local ours="" theirs=""
  for _ in $(seq "$rounds"); do
    ours+="$(asked "${@:2}" -- "$python" -m iiswsgi serve served:application)"$'\n'
    theirs+="$(asked "${@:2}" --terminate -- "$python" -m wfastcgi)"$'\n'
  done
  ours="$(printf '%s' "$ours" | least)" theirs="$(printf '%s' "$theirs" | least)"
  printf '| %s | %s µs | %s µs | %s |\n' "$1" "$ours" "$theirs" "$(awk "BEGIN { printf \"%.1f\", $theirs / $ours }")"
}
measure "nothing in, 7 bytes out" --requests 3000 --expect "0 bytes"
measure "100,000 bytes in" --requests 300 --body 100000 --expect "100000 bytes"
measure "3,000,000 bytes out in ten pieces" --requests 30 --path /large --expect xxxx
