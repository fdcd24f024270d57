#!/bin/sh
# Lays out the newest CPythons that Debian has for its next release in a folder: programs that run where they lie. Nothing is
# installed, and no other program sees them. Needs Debian, and root when mmdebstrap and patchelf are still to be installed.
#   python/tests/newer_pythons.sh FOLDER       the programs are FOLDER/usr/bin/python3.*
#
# They come with the C library that they were built for, so that an older Debian runs them: the loader and the places of
# libraries are written into the program, and what it loads inherits them (DT_RPATH). Debian has no free-threaded CPython.
set -eu
folder=$1
release=forky
if ! command -v mmdebstrap >/dev/null || ! command -v patchelf >/dev/null; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends mmdebstrap patchelf >/dev/null
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# The mirror of this machine.
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
# A mirror may be kept as it was on a day: its lists are then older than they say that they are good for.
mmdebstrap --quiet --variant=extract --include=python3.14,python3.15 --aptopt='Acquire::Check-Valid-Until "false"' \
  "$release" "$folder" "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main"
libraries=$(dirname "$(ls "$folder"/usr/lib/*/libc.so.6)")
for python in "$folder"/usr/bin/python3.1?; do
  patchelf --set-interpreter "$(ls "$libraries"/ld-linux*.so.*)" --force-rpath --set-rpath "$libraries" "$python"
  "$python" -c 'import ctypes, ssl, sys; print(sys.executable, sys.version)'
done
