#!/usr/bin/env bash
# The pages of `publish` and `preview` in headless Chromium: clicked through, without errors in the console, by keyboard
# alone, with contrast and labels as axe-core wants them.
#   tests/browser/run.sh [IISWSGI]     the command to test, target/release/iiswsgi by default
# Screenshots go to SCREENSHOTS, a temporary folder by default.
set -euo pipefail
iiswsgi=$(realpath "${1:-$(dirname "$0")/../../target/release/iiswsgi}")
cd "$(dirname "$0")"

[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq nodejs npm >/dev/null; }
[ node_modules -nt package-lock.json ] || { npm ci --omit=dev --no-audit --no-fund --silent && touch node_modules; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r projects/. "$work"
cd "$work"
# An earlier version first, so that there is one on the page.
sed -i 's/^version = "1.2"/version = "1.1"/' shop/pyproject.toml
"$iiswsgi" run -q --skip install,test
sed -i 's/^version = "1.1"/version = "1.2"/' shop/pyproject.toml
"$iiswsgi" run -q --skip install,test
cp shop/icon.svg site/

cd - >/dev/null
# The gateway of this source, as all tests have it.
export IISWSGI_GATEWAY="${IISWSGI_GATEWAY:-$(realpath ../..)}"
GALLERY="$work/site" PROJECT="$work/shop" IISWSGI="$iiswsgi" \
  SCREENSHOTS="${SCREENSHOTS:-$work/screenshots}" CHROMIUM="${CHROMIUM:-/usr/bin/chromium}" timeout 300 node --test --test-reporter=spec .
