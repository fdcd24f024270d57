#!/usr/bin/env bash
# Puts together what a server needs to run the gateway: program, wheel, a web.config to begin with, and what to do.
#   action/gateway.sh VERSION PARTS RELEASE     PARTS has the Windows archive and wheel; the zip goes to RELEASE
set -euo pipefail
version="$1" parts="$2" release="$3"
here="$(cd "$(dirname "$0")" && pwd)"
name="iiswsgi-gateway-$version-windows-x64"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/$name" "$release"
tar -xzf "$parts/iiswsgi-$version-x86_64-pc-windows-msvc.tar.gz" -C "$folder/$name"
wheel="$(basename "$parts"/iiswsgi-"$version"-*win_amd64.whl)"
cp "$parts/$wheel" "$folder/$name/"
cp "$here/gateway/web.config" "$here/../LICENSE-APACHE" "$here/../LICENSE-MIT" "$folder/$name/"
# Windows' own editor shows lines that end as it likes them.
sed -e "s/@VERSION@/$version/g" -e "s/@WHEEL@/$wheel/g" -e 's/$/\r/' "$here/gateway/README.txt" >"$folder/$name/README.txt"
release="$(cd "$release" && pwd)"
rm -f "$release/$name.zip"
(cd "$folder" && python3 -m zipfile -c "$release/$name.zip" "$name")
python3 -m zipfile -l "$release/$name.zip"
