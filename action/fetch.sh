# Puts the program where the next steps find it: the one that is named, one that is built from this source, or the
# release of the action's own version, whose SHA-256 must stand in checksums.txt. Sourced by nobody; run by action.yml.
set -euo pipefail

fail() { printf '::error title=iiswsgi::%s\n' "$1" >&2; exit 1; }

# On Windows GITHUB_ACTION_PATH has backslashes, which bash takes as they are as long as they are quoted.
here="$GITHUB_ACTION_PATH"
own_version="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)"
[ -n "$own_version" ] || fail "the action's own version is not in its Cargo.toml"

target() {
  case "${RUNNER_OS:-}-${RUNNER_ARCH:-}" in
    Linux-X64) echo x86_64-unknown-linux-musl ;;
    Linux-ARM64) echo aarch64-unknown-linux-musl ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    Windows-ARM64) echo aarch64-pc-windows-msvc ;;
    *) fail "there is no program for the runner '${RUNNER_OS:-?}' on '${RUNNER_ARCH:-?}': use the input 'version' with 'source'" ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

finish() {
  "$1" --version >&2 || fail "'$1' does not run here"
  printf 'binary=%s\ngateway=%s\n' "$1" "${2:-}" >>"$GITHUB_OUTPUT"
  dirname "$1" >>"$GITHUB_PATH"
}

fetch() {
  local version="$1" target expected archive url folder suffix=""
  [[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+([-.+][0-9A-Za-z.-]+)?$ ]] || fail "'$version' is no version of iiswsgi"
  target="$(target)"
  archive="iiswsgi-$version-$target.tar.gz"
  expected="$(awk -v name="$archive" '$2 == name { print $1 }' "$here/action/checksums.txt")"
  [[ "$expected" =~ ^[0-9a-f]{64}$ ]] ||
    fail "the action knows no SHA-256 of $archive: use a version of the action that does, or the input 'version' with 'source'"
  url="${ACTION_DOWNLOAD_URL:-https://github.com/${ACTION_REPOSITORY:-iiswsgi/iiswsgi}/releases/download/v$version}/$archive"
  folder="${RUNNER_TEMP:?}/iiswsgi-$version"
  mkdir -p "$folder"
  curl --proto '=https,file' --tlsv1.2 --fail --silent --show-error --location --retry 5 --retry-connrefused \
    --output "$folder/$archive" "$url" || fail "cannot download $url"
  [ "$(sha256 "$folder/$archive")" = "$expected" ] ||
    fail "the SHA-256 of $url is $(sha256 "$folder/$archive"), and it should be $expected"
  (cd "$folder" && tar -xzf "$archive")
  [[ "$target" == *windows* ]] && suffix=.exe
  finish "$folder/iiswsgi$suffix"
}

build() {
  local suffix=""
  command -v cargo >/dev/null || fail "'version: source' needs Rust on the runner"
  cargo build --release --locked --bin iiswsgi --manifest-path "$here/Cargo.toml" >&2
  [ "${RUNNER_OS:-}" = Windows ] && suffix=.exe
  # The gateway of this very source goes into the application's environment as well.
  finish "${CARGO_TARGET_DIR:-$here/target}/release/iiswsgi$suffix" "$here"
}

if [ -n "${ACTION_BINARY:-}" ]; then
  [ -f "$ACTION_BINARY" ] || fail "there is no program '$ACTION_BINARY'"
  finish "$(cd "$(dirname "$ACTION_BINARY")" && pwd)/$(basename "$ACTION_BINARY")"
elif [ "${ACTION_VERSION:-}" = source ]; then
  build
else
  version="${ACTION_VERSION:-$own_version}"
  # As the tag of the release is written, too.
  fetch "${version#v}"
fi
