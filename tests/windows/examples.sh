# The examples on Windows: `iiswsgi.exe run` installs each into IIS by appcmd.exe and msdeploy.exe and asks it over HTTP; then what
# IIS was told to start is started by the imitation of IIS and gets 10,000 requests over the named pipe, by the Python of the
# application's environment and by `iiswsgi.exe serve`. Part of run.sh, whose names it uses.
#
# The programs of IIS are the stand-ins (tests/server_programs), where Windows has the real ones; each notes what it was asked.
# shellcheck shell=bash disable=SC2154

drive="$WINEPREFIX/drive_c"
inetsrv="$drive/windows/system32/inetsrv"
deploy="$drive/Program Files/IIS/Microsoft Web Deploy V3"
[ ! -e "$inetsrv/appcmd.exe" ] || { echo "there is an appcmd.exe in $inetsrv"; exit 1; }
take_away() { rm -rf "$inetsrv" "$drive/Program Files/IIS" "$drive/ProgramData/iiswsgi" "$drive/users/Public/wwwroot"; }
undo+=(take_away)
mkdir -p "$inetsrv/config" "$deploy" "$drive/users/Public/wwwroot" "$site/web" "$site/work"
cp "$built/examples/server_programs.exe" "$inetsrv/appcmd.exe"
cp "$built/examples/server_programs.exe" "$deploy/msdeploy.exe"
cp "$built/examples/server_programs.exe" "$site/web/iisexpress.exe"
port=$((20000 + RANDOM % 20000))
sed -e 's|SITE_FOLDER|C:\\users\\Public\\wwwroot|' -e "s|\\*:80:|*:$port:|" src/iis/application_host/template.config \
  >"$inetsrv/config/applicationHost.config"

step "the web server of IIS, by its stand-in"
setsid "$W/winerun" "$site/web/iisexpress.exe" '/config:C:\windows\system32\inetsrv\config\applicationHost.config' \
  '/site:Default Web Site' >"$site/web/said" 2>&1 &
web_server=$!
undo=("kill -- -$web_server" "${undo[@]}")
until grep -q "is running" "$site/web/said"; do kill -0 $web_server; sleep 0.1; done

# pip takes what lay_out.sh has fetched.
laid_out="$built/laid-out"
export WINEPATH PIP_NO_INDEX=1 PIP_FIND_LINKS IISWSGI_GATEWAY
WINEPATH="$(windows_path "$laid_out/python")"
PIP_FIND_LINKS="$(windows_path "$laid_out/wheels")"
IISWSGI_GATEWAY="$(windows_path "$(echo "$laid_out"/wheels/iiswsgi-*.whl)")"

# FULLPATH and the words of the arguments of the FastCGI application whose program is in an application's folder.
registered() {
  python3 - "$inetsrv/config/applicationHost.config" "$1" <<'PYTHON'
import shlex, sys
from xml.etree import ElementTree

name = f"\\{sys.argv[2]}\\".lower()
for application in ElementTree.parse(sys.argv[1]).iterfind("system.webServer/fastCgi/application"):
    if name in application.get("fullPath").lower():
        print(application.get("fullPath"))
        words = shlex.shlex(application.get("arguments"), posix=True)
        words.whitespace_split, words.escape = True, ""
        print(*words, sep="\n")
PYTHON
}

ten_thousand() { # what it is, what the page says, the FastCGI application
  served_by "$1: 10,000 requests, five recycles" --requests 1667 --instances 6 --expect "$2" -- "${@:3}"
}

unset PYTHONPATH
for example in hello flask django; do
  step "examples/$example: iiswsgi.exe run"
  rm -rf "$site/web/$example"
  cp -r "examples/$example" "$site/web/"
  (cd "$site/work" && "$W/winerun" "$iiswsgi" run "$(windows_path "$site/web/$example")" --iis iis --report report.json)
  python3 - "$site/work/report.json" <<'PYTHON'
import json, sys

report = json.load(open(sys.argv[1]))
assert report["iis"]["kind"] == "iis" and not report["iis"]["simulated"], report["iis"]
assert {stage["name"] for stage in report["packages"][0]["stages"]} >= {"install", "test"}, report
PYTHON
  case $example in
    hello) name=hello expected="Hello" ;;
    flask) name=flask-on-iis expected="Hello" ;;
    django) name=django-on-iis expected="The migration ran when the package was installed." ;;
  esac
  mapfile -t words < <(registered "$name")
  [ "${#words[@]}" -gt 1 ] || { echo "no FastCGI application of $name:"; cat "$inetsrv/config/applicationHost.config"; exit 1; }
  step "examples/$example over the named pipe"
  ten_thousand "python.exe -m iiswsgi serve" "$expected" "${words[@]}"
  ten_thousand "iiswsgi.exe serve" "$expected" "$iiswsgi" serve --python "${words[0]}" "${words[@]:$(($(printf '%s\n' "${words[@]}" | grep -nx serve | cut -d: -f1)))}"
done
grep -q '"-verb:sync"' "$deploy/calls.jsonl"
grep -q 'fullPath=' "$inetsrv/calls.jsonl"
kill -- -$web_server
take_away
undo=("rm -rf $site")
unset WINEPATH PIP_NO_INDEX PIP_FIND_LINKS IISWSGI_GATEWAY
PYTHONPATH="$(windows_path "$site")"
export PYTHONPATH
