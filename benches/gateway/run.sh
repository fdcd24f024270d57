#!/bin/sh
# Measures the gateway beside its peers in one go: builds the wheel, installs it with flup and uWSGI into a fresh
# environment, and runs the bench there. For figures that are to be quoted the machine must do nothing else.
#   benches/gateway/run.sh [SCENARIO…]
# PYTHON names the interpreter (python3 by default). GATEWAY_BENCH may name the folder of another load generator with a
# `run.sh` that takes `--cmd`; it is run afterwards with the same environment.
set -eu
cd "$(dirname "$0")/../.."
environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT
"${PYTHON:-python3}" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet . flup6 pyuwsgi
"$environment/bin/python" --version
uptime
IISWSGI_BENCH_PYTHON="$environment/bin/python" cargo bench --quiet --no-default-features --bench gateway -- "$@"
if [ -n "${GATEWAY_BENCH:-}" ]; then
    GWBENCH_PY="$environment/bin/python" "$GATEWAY_BENCH/run.sh" --cmd '{py} -m iiswsgi serve benchapp:app --bind unix:{socket}' \
        --name iiswsgi --peers flup,uwsgi,rust-static,rust-static-epoll --runs 3 --secs 1 \
        --scenarios hello-c1-pin,hello-c1-iis-pin,hello-c16,hello-c64,hello-c64-close,1m-c1,stream-c1,upload1m-c1,upload100m-c1
fi
uptime
