#!/bin/sh
# Makes the source distribution and looks at what is in it: all that the wheel is built from, and nothing that is not kept
# in the repository.
#   python/tests/sdist.sh FOLDER [PYTHON]      it is left in FOLDER; PYTHON has maturin
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
python=${2:-python3}
cd "$(dirname "$0")/../.."
"$python" -m maturin sdist --out "$folder" >"$folder/maturin.log" 2>&1 || { cat "$folder/maturin.log"; exit 1; }
set -- "$folder"/*.tar.gz
git ls-files | sort >"$folder/tracked"
unpacked=$folder/unpacked
mkdir "$unpacked"
tar -xzf "$1" -C "$unpacked" --strip-components 1
foreign=$(cd "$unpacked" && find . -type f | sed 's|^\./||' | grep -vx PKG-INFO | sort | comm -23 - "$folder/tracked")
[ -z "$foreign" ] || { echo "the source distribution has files that are not of the repository:"; echo "$foreign"; exit 1; }
for needed in PKG-INFO Cargo.lock LICENSE-MIT python/iiswsgi/py.typed python/iiswsgi/_iiswsgi.pyi src/lib.rs python/src/lib.rs; do
  [ -e "$unpacked/$needed" ] || { echo "the source distribution has no $needed"; exit 1; }
done
# It is a workspace of its own, with the versions that were locked.
cargo metadata --locked --format-version 1 --manifest-path "$unpacked/Cargo.toml" >/dev/null
rm -rf "$unpacked" "$folder/tracked" "$folder/maturin.log"
