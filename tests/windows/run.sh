#!/usr/bin/env bash
# Compiles the gateway for Windows and runs it there: its own tests, and a Python of Windows that serves through the named
# pipe of an imitation of IIS. Under Wine on Linux; what that does not show is said in docs/windows.md.
#
#   tests/windows/run.sh SETUP      SETUP lays out Wine, the target and a Windows Python (see ../shared/windows)
#
# The folder that SETUP fills is kept between runs: IISWSGI_WINDOWS, or one in the user's cache.
set -euo pipefail
cd "$(dirname "$0")/../.."
setup="${1:?the script that lays out Wine and a Windows Python}"
export W="${IISWSGI_WINDOWS:-${XDG_CACHE_HOME:-$HOME/.cache}/iiswsgi-windows}"
target=x86_64-pc-windows-gnu

if [ ! -e "$W/.complete" ]; then
  mkdir -p "$W"
  bash "$setup" >"$W/setup.log" 2>&1 || { tail -20 "$W/setup.log"; exit 1; }
  touch "$W/.complete"
fi
# shellcheck source=/dev/null
. "$W/env.sh"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/windows}"

echo "--- the library's own tests"
"$WINCARGO" test --quiet --target "$target" --no-default-features --lib

echo "--- the extension module and the imitation of IIS"
PYO3_CROSS=1 PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1 \
  "$WINCARGO" build --quiet --target "$target" -p iiswsgi-python --no-default-features
"$WINCARGO" build --quiet --target "$target" -p imitation-of-iis
built="$CARGO_TARGET_DIR/$target/debug"

site="$(mktemp -d)"
trap 'rm -rf "$site"' EXIT
cp -r python/iiswsgi "$site/iiswsgi"
cp "$built/_gateway.dll" "$site/iiswsgi/_gateway.pyd"
cp tests/windows/served.py "$site/"
mkdir "$site/logs"

windows_path() { printf 'Z:%s' "${1//\//\\}"; }
export PYTHONPATH IIS_USER_HOME
PYTHONPATH="$(windows_path "$site")"
# The first documented place of the log is a folder of this.
IIS_USER_HOME="$(windows_path "$site/logs")"

imitate() {
  printf '%s: ' "$1"
  shift
  "$W/winerun" "$built/imitation-of-iis.exe" "$@" -- "$(windows_path "$W/python/python.exe")" \
    -m iiswsgi serve served:application </dev/null
}
imitate "one instance, five recycles" --requests 500 --instances 6 --expect "0 bytes"
imitate "an overlapped pipe" --requests 500 --overlapped --expect "0 bytes"
imitate "bodies larger than the pipe" --requests 200 --body 100000 --expect "100000 bytes"
imitate "answers larger than the pipe" --requests 50 --path /large --expect "xxxx"
imitate "a connection for each request" --requests 200 --close --expect "0 bytes"
imitate "errors of the application" --requests 20 --path /error --status 500
imitate "10,000 requests" --requests 10000 --expect "0 bytes"

grep -q "a stray print" "$site/logs/Logs/iiswsgi.log" || { echo "what was printed is not in the log"; exit 1; }
grep -q "stopping: IIS has set the shutdown event" "$site/logs/Logs/iiswsgi.log" || { echo "no shutdown in the log"; exit 1; }
