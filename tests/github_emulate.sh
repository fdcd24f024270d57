#!/usr/bin/env bash
# `publish github` against npm's `emulate`, a GitHub that others wrote: a second opinion on the calls and their JSON.
#
# It differs from GitHub where our own fake (tests/it/publish_github/fake.rs) does not: it finds drafts by tag, takes files
# of one name twice, and has no digests. So this looks at the plain course alone: a release with three files, a second run
# that changes nothing, a file that is replaced. The program to test is $1, or the one in target/release or target/debug.
set -euo pipefail
cd "$(dirname "$0")/.."
program="${1:-}"
for built in target/release/iiswsgi target/debug/iiswsgi; do
  [ -n "$program" ] || { [ -x "$built" ] && program="$built"; }
done
[ -n "$program" ] || { echo "build iiswsgi first"; exit 1; }
program="$(realpath "$program")"

# shellcheck source=tests/emulated_github.sh
. tests/emulated_github.sh

work="$(mktemp -d)"
github_process=""
trap '[ -z "$github_process" ] || kill "$github_process" 2>/dev/null || true; rm -rf "$work"' EXIT
start_github "$work/log"
github_call /user/repos '{"name": "shop", "auto_init": true}' >/dev/null

checkout="$PWD"
cd "$work"
printf 'the package' >shop-1.0.msdeploy.zip
printf 'the command' >shop.deploy.cmd
printf '<feed/>' >shop.webpi.xml
mkdir "$work/said"
: >"$work/said/outputs" && : >"$work/said/summary"
publish() {
  # As in a job, with all that is written there.
  env -u GH_TOKEN GITHUB_TOKEN="$github_token" GITHUB_API_URL="$github_url" GITHUB_SERVER_URL="$github_url" \
    GITHUB_ACTIONS=true GITHUB_OUTPUT="$work/said/outputs" GITHUB_STEP_SUMMARY="$work/said/summary" \
    "$program" publish github --verbose --repository admin/shop --tag v1.0 --release-name 'Shop 1.0' --notes 'What is new.' \
    --report "$work/said/report" --junit "$work/said/junit" "$@" \
    shop-1.0.msdeploy.zip shop.deploy.cmd shop.webpi.xml >>"$work/said/log" 2>&1 || { cat "$work/said/log"; exit 1; }
}
look() {
  github_call /repos/admin/shop/releases >"$work/releases.json"
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
"$checkout/tests/secrets.py" --self-test
"$checkout/tests/secrets.py" "$work/said" "$github_token"
echo "publish github works against emulate: release, second run, replaced file"
