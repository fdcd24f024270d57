# Wine, the compile target and a Windows Python, laid out by a script and kept between runs. Sourced by the scripts that run
# Windows programs, not run by itself; each has changed to the root of the checkout.
#
#   . tests/windows/wine.sh [SETUP]     without SETUP it has to be laid out already
#
# W is the folder that SETUP fills: IISWSGI_WINDOWS, or one in the user's cache. Gives WINCARGO, WINEPREFIX, RUSTC (by SETUP), the
# runner of programs as "$W/winerun", and the names below.
# shellcheck shell=bash disable=SC2034

export W="${IISWSGI_WINDOWS:-${XDG_CACHE_HOME:-$HOME/.cache}/iiswsgi-windows}"
if [ ! -e "$W/.complete" ]; then
  [ -n "${1:-}" ] || { echo "nothing is laid out in $W: run tests/windows/run.sh first" >&2; exit 1; }
  mkdir -p "$W"
  bash "$1" >"$W/setup.log" 2>&1 || { tail -20 "$W/setup.log"; exit 1; }
  touch "$W/.complete"
fi
# shellcheck source=/dev/null
. "$W/env.sh"

# Quick to compile and small is what counts here.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$W/target}" CARGO_INCREMENTAL=0
export CARGO_PROFILE_DEV_DEBUG="${CARGO_PROFILE_DEV_DEBUG:-0}"
target=x86_64-pc-windows-gnu
built="$CARGO_TARGET_DIR/$target/debug"
# Cargo takes what was compiled from another checkout for current when the files there were older, and the paths in it are of there.
if [ "$(cat "$CARGO_TARGET_DIR/checkout" 2>/dev/null)" != "$PWD" ]; then
  for package in iiswsgi iiswsgi-python imitation-of-iis; do
    "$WINCARGO" clean --quiet --target "$target" -p "$package"
  done
  mkdir -p "$CARGO_TARGET_DIR"
  echo "$PWD" >"$CARGO_TARGET_DIR/checkout"
fi

step() { printf -- '--- %s (%s s)\n' "$1" "$SECONDS"; }
windows_path() { printf 'Z:%s' "${1//\//\\}"; }
python="$(windows_path "$W/python/python.exe")"
iiswsgi="$(windows_path "$built/iiswsgi.exe")"
