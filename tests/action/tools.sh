#!/usr/bin/env bash
# Installs programs from the Python package index into a cached environment and prints the folder of their commands.
#   tests/action/tools.sh NAME==VERSION...
set -euo pipefail
cache="${IISWSGI_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/iiswsgi-tools}"
key="$(printf '%s\n' "$@" | sha256sum | cut -c 1-16)"
environment="$cache/$key"
if [ ! -e "$environment/complete" ]; then
  rm -rf "$environment"
  mkdir -p "$cache"
  python3 -m venv "$environment" >&2
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
  touch "$environment/complete"
fi
echo "$environment/bin"
