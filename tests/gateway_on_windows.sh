#!/usr/bin/env bash
# Puts the gateway for servers together of what was compiled for Windows, and follows its README.txt there: a server without a
# network on which a Python, and nothing else, is installed. Under Wine on Linux.
#
#   tests/gateway_on_windows.sh SETUP    SETUP lays out Wine, the target and a Windows Python, as for tests/windows/run.sh
#
# The commands are those of README.txt, taken out of it. Instead of IIS an imitation starts what steps 5 and 6 register and
# asks it for step 7. Not shown: Install-WindowsFeature, icacls and appcmd of step 1, 4, 5 and 6, which Wine has not; `py -m venv`, whose
# launcher the Windows Python of the tests has not, so that the environment is laid out by hand; and the msvc target.
set -euo pipefail
cd "$(dirname "$0")/.."
setup="${1:?the script that lays out Wine and a Windows Python}"
. tests/windows/wine.sh "$setup"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)"
fail() { echo "FAILED: $1" >&2; exit 1; }

work="$(mktemp -d)"
app="$WINEPREFIX/drive_c/apps/hello"
trap 'rm -rf "$work" "$app"' EXIT

step "the parts: program, imitation of IIS, and a wheel of the gateway alone, whose extension module run.sh has compiled"
"$WINCARGO" build --quiet --target "$target" --bin iiswsgi
"$WINCARGO" build --quiet --target "$target" -p imitation-of-iis
tools="$(tests/action/tools.sh 'maturin>=1.16,<2')"
# maturin takes what is first on PATH.
mkdir -p "$work/bin" "$work/parts" "$work/unpacked"
ln -s "$WINCARGO" "$work/bin/cargo"
ln -s "$RUSTC" "$work/bin/rustc"
PATH="$work/bin:$tools:$PATH" PYO3_CROSS=1 PYO3_NO_PYTHON=1 \
  maturin build --quiet --target "$target" --profile dev --no-default-features --features extension-module --interpreter python3.11 --out "$work/parts" >"$work/wheel.log" 2>&1 ||
  { tail -20 "$work/wheel.log"; fail "the wheel"; }
tar -czf "$work/parts/iiswsgi-$version-x86_64-pc-windows-msvc.tar.gz" -C "$built" iiswsgi.exe

step "the archive is whole"
tests/gateway_archive.sh "$work/parts"
action/gateway.sh "$version" "$work/parts" "$work" >/dev/null
python3 -m zipfile -e "$work/iiswsgi-gateway-$version-windows-x64.zip" "$work/unpacked"
here="$work/unpacked/iiswsgi-gateway-$version-windows-x64"
readme="$(tr -d '\r' <"$here/README.txt")"

# A command of README.txt: the one line that begins with this, with the folder filled in.
command_of() {
  local line
  line="$(grep -F -- "     $1" <<<"$readme" | head -n 1 | sed 's/^ *//')"
  [ -n "$line" ] || fail "README.txt has no command that begins with '$1'"
  printf '%s' "${line//PATH-TO-THIS-FOLDER/$(windows_path "$here")}"
}
# Runs such a command in the application's folder, as PowerShell would take its words, without a network.
run_there() {
  local words
  IFS=' ' read -r -a words <<<"$(command_of "$1")"
  (cd "$app" && PIP_INDEX_URL=http://127.0.0.1:9/ PIP_FIND_LINKS='' PIP_NO_INDEX='' "$W/winerun" "C:\\apps\\hello\\${words[0]}.exe" "${words[@]:1}")
}

step "2. the environment and the gateway in it"
[ "$(command_of mkdir)" = 'mkdir C:\apps\hello' ] || fail "another folder"
rm -rf "$app"
mkdir -p "$app/.venv/Scripts" "$app/.venv/Lib/site-packages"
cp "$W"/python/python.exe "$W"/python/*.[dD][lL][lL] "$app/.venv/Scripts/"
printf 'home = %s\ninclude-system-site-packages = false\nversion = 3.11.9\n' "$(windows_path "$W/python")" >"$app/.venv/pyvenv.cfg"
(cd "$app" && "$W/winerun" .venv/Scripts/python.exe -m ensurepip --default-pip >"$work/log" 2>&1) || { cat "$work/log"; fail "pip"; }
run_there '.venv\Scripts\python -m pip install --no-index --no-deps' | tail -n 1 | tee "$work/log"
grep -qF "Successfully installed iiswsgi-$version" "$work/log" || fail "the wheel is not installed"

step "3. the application, and whether Python can load it"
sed -n '/hello\.py:$/,/^   and see/p' <<<"$readme" | sed -n 's/^     //p' >"$app/hello.py"
run_there '.venv\Scripts\python -m iiswsgi serve' | tee "$work/log"

step "5. to 7. what IIS starts, and what it answers"
# IIS compares these with each other; here they are taken from the two places.
registered="$(sed -n "s/.*fullPath='\([^']*\)',arguments='\([^']*\)'.*/\1|\2/p" <<<"$readme")"
cp "$here/web.config" "$app/"
handler="$(python3 -c 'import sys; from xml.etree import ElementTree as E; print(next(E.parse(sys.argv[1]).iter("add")).get("scriptProcessor"))' "$app/web.config")"
[ "$registered" = "$handler" ] || fail "'$registered' is registered and the handler is '$handler'"
IFS=' ' read -r -a arguments <<<"${handler#*|}"
ask() { # what it is, FULLPATH, ARGUMENT...
  printf '%s: ' "$1"
  IIS_USER_HOME="$(windows_path "$work")" timeout 120 "$W/winerun" "$built/imitation-of-iis.exe" --requests 200 --instances 2 --path /hello --folder "C:\\apps\\hello\\" \
    --expect 'It works.' -- "${@:2}"
}
ask "python.exe" "${handler%%|*}" "${arguments[@]}"
ask "iiswsgi.exe, which finds the environment" "$(windows_path "$here")\\iiswsgi.exe" "${arguments[@]:2}"
grep -qF 'stopping: IIS has set the shutdown event' "$work/Logs/iiswsgi.log" || fail "nothing in the log"

step "when it does not work"
"$W/winerun" "$here/iiswsgi.exe" --version | tr -d '\r' | tee "$work/log"
grep -qF "$version" "$work/log" || fail "the version"
doctor="$(command_of 'PATH-TO-THIS-FOLDER\iiswsgi.exe doctor')"
[[ "$doctor" == *'doctor "Default Web Site/hello"' ]] || fail "the doctor is called in another way: $doctor"
# Of a server that has what steps 5 and 6 register. Wine has no rights to speak of.
cat >"$work/applicationHost.config" <<XML
<configuration>
  <configSections><sectionGroup name="system.webServer"><section name="handlers" overrideModeDefault="Allow" /><section name="fastCgi" /></sectionGroup></configSections>
  <system.applicationHost><sites><site name="Default Web Site" id="1">
    <application path="/hello"><virtualDirectory path="/" physicalPath="C:\apps\hello" /></application>
    <bindings><binding protocol="http" bindingInformation="*:80:" /></bindings>
  </site></sites></system.applicationHost>
  <system.webServer><fastCgi>
    <application fullPath="${registered%%|*}" arguments="${registered#*|}" maxInstances="4" signalBeforeTerminateSeconds="10" />
  </fastCgi></system.webServer>
</configuration>
XML
timeout 120 "$W/winerun" "$here/iiswsgi.exe" doctor --application-host "$(windows_path "$work/applicationHost.config")" "Default Web Site/hello" \
  >"$work/log" 2>&1 || true
for finding in registration interpreter gateway; do
  grep -q "^  ok  *$finding: " "$work/log" || { cat "$work/log"; fail "the doctor says nothing good of the $finding"; }
done
echo "what README.txt says works, as far as Wine goes"
