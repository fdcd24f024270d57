#!/usr/bin/env bash
# Puts the gateway for servers together as a release does and holds README.txt against what it speaks of.
#   tests/gateway_archive.sh [PARTS]     PARTS has the Windows archive and wheel of a release; stand-ins without it
#
# What its commands do is shown under Wine by tests/gateway_on_windows.sh, as far as Wine goes.
set -euo pipefail
cd "$(dirname "$0")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
parts="${1:-$work/parts}"
if [ $# -eq 0 ]; then
  mkdir -p "$parts"
  echo program >"$work/iiswsgi.exe"
  tar -czf "$parts/iiswsgi-$version-x86_64-pc-windows-msvc.tar.gz" -C "$work" iiswsgi.exe
  echo wheel >"$parts/iiswsgi-$version-cp39-abi3-win_amd64.whl"
fi
action/gateway.sh "$version" "$parts" "$work/release" >/dev/null
python3 - "$work/release/iiswsgi-gateway-$version-windows-x64.zip" "$version" <<'PYTHON'
import re, sys, zipfile
from xml.etree import ElementTree

archive, version = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
folder = f"iiswsgi-gateway-{version}-windows-x64/"
names = {name.removeprefix(folder) for name in archive.namelist()} - {""}
(wheel,) = (name for name in names if name.endswith(".whl"))
assert names == {"iiswsgi.exe", wheel, "web.config", "README.txt", "LICENSE-APACHE", "LICENSE-MIT"}, names
readme = archive.read(folder + "README.txt")
assert readme.count(b"\n") == readme.count(b"\r\n"), "README.txt has lines that Windows' editor joins"
text = readme.decode("ascii")
assert "@" not in text and version in text, "something is left to be filled in"
# What README.txt lists is there, and every file that a command names is listed.
listed = text.split("What is here")[1].split("You need")[0]
for name in names - {"LICENSE-APACHE", "LICENSE-MIT"}:
    assert name in listed, f"{name} is not listed"
for name in re.findall(r"PATH-TO-THIS-FOLDER\\(\S+)", text):
    assert name in names, f"a command names {name}, which is not here"
# IIS compares the handler's program and arguments with its FastCGI application, letter by letter.
(handler,) = ElementTree.fromstring(archive.read(folder + "web.config")).iter("add")
path, arguments = re.search(r"fullPath='([^']*)',arguments='([^']*)'", text).groups()
assert handler.get("scriptProcessor") == f"{path}|{arguments}", (handler.attrib, path, arguments)
application = arguments.split()[-1]
file, name = application.rsplit(":", 1)
assert f"serve {application} --check" in text and f"{file}:\r\n" in text and f"def {name}(" in text, application
PYTHON
echo "the gateway for servers is whole, and its README speaks of what is there"
