#!/usr/bin/env bash
# Compiles for Windows and runs there: the library's own tests, and the gateway as `iiswsgi.exe serve` and as a Python of
# Windows, which serve through the named pipe of an imitation of IIS, and over HTTP. Under Wine on Linux; what that
# does not show is said in docs/windows.md.
#
#   tests/windows/run.sh SETUP      SETUP lays out Wine, the target and a Windows Python (see ../shared/windows)
set -euo pipefail
cd "$(dirname "$0")/../.."
setup="${1:?the script that lays out Wine and a Windows Python}"
. tests/windows/wine.sh "$setup"

step "the library's own tests"
# They look for Python where a user's is.
WINEPATH="Z:${W//\//\\}\\python" "$WINCARGO" test --quiet --target "$target" --lib

step "the command, the extension module, the imitation of IIS and the stand-ins of its programs"
"$WINCARGO" build --quiet --target "$target" --bin iiswsgi --example server_programs
PYO3_CROSS=1 PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1 \
  "$WINCARGO" build --quiet --target "$target" -p iiswsgi-python --no-default-features
"$WINCARGO" build --quiet --target "$target" -p imitation-of-iis

tests/windows/lay_out.sh "$W/python" "$built/venvlauncher.exe" "$built/_iiswsgi.dll" "$built/laid-out"

site="$(mktemp -d)"
# What a later step puts into the prefix or starts is undone here.
undo=("rm -rf $site")
undo_all() {
  local command
  for command in "${undo[@]}"; do $command || true; done
}
trap undo_all EXIT
cp -r python/iiswsgi "$site/iiswsgi"
cp "$built/_iiswsgi.dll" "$site/iiswsgi/_iiswsgi.pyd"
cp tests/windows/served.py "$site/"
mkdir -p "$site/logs/Logs" "$site/WindowsApps" "$site/bare"

log="$site/logs/Logs/iiswsgi.log"
export PYTHONPATH IIS_USER_HOME
PYTHONPATH="$(windows_path "$site")"
# The first documented place of the log is a folder of this.
IIS_USER_HOME="$(windows_path "$site/logs")"

served_by() { # what it is, the imitation's options, `--`, the FastCGI application
  printf '%s: ' "$1"
  shift
  "$W/winerun" "$built/imitation-of-iis.exe" "$@" </dev/null
}
by_python() {
  local options=("$@")
  served_by "python.exe, ${options[0]}" "${options[@]:1}" -- "$python" -m iiswsgi serve served:application
}
by_command() {
  local options=("$@")
  served_by "iiswsgi.exe, ${options[0]}" "${options[@]:1}" -- "$iiswsgi" serve --python "$python" served:application
}

step "the named pipe and the socket of the imitation of IIS"
for by in by_python by_command; do
  $by "the event while a request runs" --requests 3 --path /slow --shutdown-during --expect "0 bytes"
  $by "a listening socket, protocol Tcp" --tcp --requests 200 --instances 2 --expect "0 bytes"
done
by_python "a listening socket, a connection for each request" --tcp --requests 200 --close --expect "0 bytes"
by_python "an overlapped pipe" --requests 500 --overlapped --expect "0 bytes"
by_python "bodies larger than the pipe" --requests 200 --body 100000 --expect "100000 bytes"
by_python "answers larger than the pipe" --requests 50 --path /large --expect "xxxx"
by_python "a connection for each request" --requests 200 --close --expect "0 bytes"
by_python "errors of the application" --requests 20 --path /error --status 500
by_python "what is printed" --requests 1 --path /print --expect "0 bytes"

says() { grep -qF "$1" "$log" || { echo "not in the log: $1"; cat "$log"; exit 1; }; }
says "a stray print"
says "stopping: IIS has set the shutdown event"

step "which Python the command becomes"
# As `python -m venv` makes one; the launchers that it copies are not in every Windows Python.
mkdir -p "$site/a venv/Scripts" "$site/a venv/Lib/site-packages"
cp "$W/python/python.exe" "$site/a venv/Scripts/"
printf 'home = %s\ninclude-system-site-packages = false\nversion = 3.11.9\n' "$(windows_path "$W/python")" >"$site/a venv/pyvenv.cfg"
where() { # what it is, what the application must say of itself, the arguments before the application
  served_by "$1" --requests 2 --path /where --expect "$2" -- "$iiswsgi" serve "${@:3}" served:application
}
where "the base of a venv is not this program" "base $python" --python "$python"
where "a venv in a path with blanks" "prefix $(windows_path "$site/a venv")" --python "$(windows_path "$site/a venv")"
where "its base" "base $(windows_path "$W/python")" --python "$(windows_path "$site/a venv/Scripts/python.exe")"
where "a process of multiprocessing" "child 42" --python "$(windows_path "$site/a venv")"

step "which Python is registered with Windows (PEP 514)"
key='HKCU\Software\Python\PythonCore\3.11'
undo+=("$W/winerun reg delete $key /f")
"$W/winerun" reg add "$key" /v SysArchitecture /d 64bit /f >/dev/null
"$W/winerun" reg add "$key\InstallPath" /v ExecutablePath /d "$python" /f >/dev/null
served_by "the registered one" --requests 2 --path /where --expect "executable $python" -- "$iiswsgi" serve served:application
"$W/winerun" reg delete "$key" /f >/dev/null

step "a Python that it cannot become is explained in the log"
cp "$W/python/python.exe" "$site/WindowsApps/python.exe"
cp "$W/python/python.exe" "$site/bare/python.exe"
refused() { # the text in the log, the interpreter
  : >"$log"
  ! "$W/winerun" "$iiswsgi" serve --python "$(windows_path "$2")" served:application 2>/dev/null || exit 1
  says "$1"
}
refused "is a Python of the Microsoft Store" "$site/WindowsApps/python.exe"
refused "there is no \`python3*.dll\`" "$site/bare/python.exe"
refused "there is no Python at" "$site/gone/python.exe"
echo 'no DLL' >"$site/bare/python311.dll"
refused "python311.dll\` cannot be loaded" "$site/bare/python.exe"
# Nobody but the log hears this one: the imitation hands over no standard error, as IIS.
: >"$log"
! PYTHONPATH="" "$W/winerun" "$built/imitation-of-iis.exe" --requests 1 -- "$iiswsgi" serve --python "$python" served:application \
  </dev/null 2>/dev/null || exit 1
says "the package \`iiswsgi\` is not installed for"

step "the gateway's behaviour: the tests ask from here, and the Python of Windows serves"
python3 -m venv "$site/tests"
"$site/tests/bin/python" -m pip install --quiet pytest
env -u IIS_USER_HOME IISWSGI_TEST_PYTHON="$W/winerun '$python'" "$site/tests/bin/python" -m pytest -q -rs -p no:cacheprovider \
  python/tests/test_conformance.py python/tests/test_protocol.py python/tests/test_bodies.py python/tests/test_wsgi.py python/tests/test_http.py

# shellcheck source=tests/windows/examples.sh
. tests/windows/examples.sh
# shellcheck source=tests/windows/twins.sh
. tests/windows/twins.sh

step "HTTP, as HttpPlatformHandler asks"
port=$((20000 + RANDOM % 20000))
HTTP_PLATFORM_PORT=$port "$W/winerun" "$iiswsgi" serve --python "$python" --http served:application \
  >/dev/null 2>&1 &
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do
  kill -0 $! 2>/dev/null || { cat "$log"; exit 1; }
  sleep 0.1
done
test "$(curl -s --data-binary "@$built/imitation-of-iis.exe" -H 'Transfer-Encoding: chunked' "http://127.0.0.1:$port/")" \
  = "$(stat -c %s "$built/imitation-of-iis.exe") bytes"
curl -s "http://127.0.0.1:$port/end" >/dev/null || true
wait

step "done"
