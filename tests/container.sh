#!/usr/bin/env bash
# Builds the container image and runs it on examples, with buildah: no engine, no registry. Needs root and Debian.
#   tests/container.sh [PROGRAM [WHEEL]]      target/release/iiswsgi by default, and a wheel that is built when none is given
#
# The image is the Dockerfile's target `prebuilt`, the one that a release publishes: its base is a Debian made here by
# mmdebstrap, and the program is the one that was tested. The stage that builds from source is not run here: it needs
# the image of Rust from a registry. hadolint (tests/action/lint.sh) reads both.
set -euo pipefail
cd "$(dirname "$0")/.."
program="${1:-target/release/iiswsgi}"
wheel="${2:-}"
image=localhost/iiswsgi:test
base=localhost/debian:base
storage=(--storage-driver vfs)

fail() { echo "FAILED: $1" >&2; exit 1; }
if ! command -v buildah >/dev/null || ! command -v mmdebstrap >/dev/null || ! command -v crun >/dev/null; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends buildah mmdebstrap crun >/dev/null
fi

work="$(mktemp -d)"
containers=()
cleanup() {
  for container in "${containers[@]:-}"; do [ -z "$container" ] || buildah "${storage[@]}" rm "$container" >/dev/null 2>&1 || true; done
  rm -rf "$work"
}
trap cleanup EXIT

if ! buildah "${storage[@]}" inspect --type image "$base" >/dev/null 2>&1; then
  echo "== the base: Debian by mmdebstrap"
  # What the Dockerfile installs is in it already, so that apt has little left to do there. The sources are this machine's.
  rootfs="$work/rootfs"
  sources=/etc/apt/sources.list.d/debian.sources
  [ -e "$sources" ] || sources=/etc/apt/sources.list
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
    "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "$rootfs" "$sources" >"$work/rootfs.log" 2>&1 || { tail -n 20 "$work/rootfs.log" >&2; fail "mmdebstrap"; }
  # What lets this machine reach its package mirrors, when there is something of the kind.
  for file in /etc/apt/apt.conf.d/*artifact* /etc/apt/apt.conf.d/*proxy*; do
    [ ! -e "$file" ] || cp -a "$file" "$rootfs/etc/apt/apt.conf.d/"
  done
  [ ! -d /usr/local/share/ca-certificates ] || cp -a /usr/local/share/ca-certificates "$rootfs/usr/local/share/"
  cp -a /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/ca-certificates.crt"
  container="$(buildah "${storage[@]}" from scratch)"
  containers+=("$container")
  buildah "${storage[@]}" add --quiet "$container" "$rootfs" / >/dev/null
  buildah "${storage[@]}" commit --quiet --rm "$container" "$base" >/dev/null
  rm -rf "$rootfs"
fi

echo "== the image"
context="$work/context"
mkdir -p "$context/container"
cp -r Dockerfile .dockerignore action "$context/"
cp "$program" "$context/container/iiswsgi"
if [ -n "$wheel" ]; then
  cp "$wheel" "$context/container/"
else
  # The gateway alone: the program is beside it.
  MATURIN_PEP517_ARGS="--no-default-features --features extension-module" \
    python3 -m pip wheel --quiet --no-deps --wheel-dir "$context/container" .
fi
buildah "${storage[@]}" bud --quiet --isolation chroot --pull-never --format docker --build-arg "BASE=$base" \
  --target prebuilt -t "$image" "$context" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; fail "the build"; }

config="$(buildah "${storage[@]}" inspect --type image "$image")"
python3 - "$config" <<'PYTHON'
import json, sys
docker = json.loads(sys.argv[1])["Docker"]["config"]
assert docker["Entrypoint"] == ["iiswsgi"], docker
assert docker["User"] == "1000", docker
assert docker["Healthcheck"]["Test"][0] == "CMD", docker
assert docker["WorkingDir"] == "/src", docker
PYTHON

container="$(buildah "${storage[@]}" from --pull-never "$image")"
containers+=("$container")
settings=()
# How this machine reaches a package index.
while IFS= read -r name; do settings+=(--env "$name=${!name}"); done < <(compgen -e | grep -E '^(PIP_INDEX_URL|PIP_CERT|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$' || true)

# Runs a command of the image in a folder as `docker run --user USER -v FOLDER:/src IMAGE ARGUMENTS` would.
run() {
  local user="$1" folder="$2"
  shift 2
  chown -R "$user" "$folder"
  buildah "${storage[@]}" run --isolation chroot --user "$user" "${settings[@]}" -v "$folder:/src" "$container" -- iiswsgi "$@"
}

# None of these users is root, and only the first is known in the image.
for example in hello:1000 flask:12345 django:1000 pyramid:1000 classic:1000 pyramid.msdeploy:1000 sample.msdeploy:1000; do
  name="${example%:*}" user="${example#*:}"
  echo "== examples/$name in the container, by user $user"
  cp -r "examples/$name" "$work/$name"
  rm -rf "$work/$name/dist" "$work/$name/.iiswsgi"
  run "$user:$user" "$work/$name" run >"$work/run.log" 2>&1 || { tail -n 60 "$work/run.log" >&2; fail "examples/$name"; }
  ls "$work/$name"/dist/*.msdeploy.zip >/dev/null || fail "examples/$name has no package"
  [ -z "$(find "$work/$name" ! -uid "$user" -print -quit)" ] || fail "examples/$name has files of another user"
done
chown -R 1000:1000 "$work/hello"
# The folder in the container is named as the project is, when no metadata names it.
buildah "${storage[@]}" run --isolation chroot --user 1000:1000 --workingdir /shop "${settings[@]}" -v "$work/hello:/shop" "$container" -- \
  iiswsgi plan >"$work/plan.log" 2>&1 || { cat "$work/plan.log" >&2; fail "plan"; }
grep -qF 'shop-0.0.0.msdeploy.zip' "$work/plan.log" || { cat "$work/plan.log" >&2; fail "the name after another folder"; }

echo "== serving, and its health check"
# In a chroot the first process is not the container's: the check is given its command line instead.
cat >"$work/hello/serving.py" <<'PYTHON'
import subprocess, sys, time
sys.path.insert(0, "/opt/iiswsgi")
import health
command = ["iiswsgi", "serve", "--", "wsgi:application", "--bind", "tcp:127.0.0.1:0"]
import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
command[-1] = f"tcp:127.0.0.1:{port}"
assert health.endpoint(["iiswsgi", "run"]) is None
assert health.endpoint(command) == command[-1]
server = subprocess.Popen(command)
try:
    for _ in range(300):
        try:
            assert health.healthy(command[-1])
            break
        except ConnectionRefusedError:
            assert server.poll() is None, "the gateway has ended"
            time.sleep(0.1)
    else:
        raise SystemExit("the gateway never listened")
finally:
    server.terminate()
    server.wait()
try:
    health.healthy(command[-1])
except OSError:
    print("healthy while it serves, and not after")
else:
    raise SystemExit("healthy with nobody there")
PYTHON
buildah "${storage[@]}" run --isolation chroot --user 1000:1000 -v "$work/hello:/src" "$container" -- python3 /src/serving.py ||
  fail "the health check"

buildah "${storage[@]}" images --format '{{.Name}}:{{.Tag}} {{.Size}}' | grep -F "$image"
echo "the container works"
