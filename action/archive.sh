#!/usr/bin/env bash
# Packs the program of one target as a release carries it and as fetch.sh unpacks it.
#   action/archive.sh VERSION TARGET FOLDER     FOLDER has the program; the archive goes to release/
set -euo pipefail
version="$1" target="$2" folder="$3" suffix=""
[[ "$target" == *windows* ]] && suffix=.exe
mkdir -p release
tar -czf "release/iiswsgi-$version-$target.tar.gz" -C "$folder" "iiswsgi$suffix"
ls -l release
