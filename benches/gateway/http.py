"""The gateway's HTTP beside waitress, gunicorn and granian, all in turns; `wrk` makes the load (`apt-get install wrk`).

    python benches/gateway/http.py [SECONDS [ROUNDS]]

Run it with an interpreter that has `iiswsgi` and the peers: `pip install waitress gunicorn granian`. Those that are missing are
left out. Medians are shown, and what counts is the ratio: a busy machine is fair to all that take turns. The processor's time
is that of the server's processes, read from Linux.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = {
    "iiswsgi": "-m iiswsgi serve app:app --http --log-level error --bind tcp:127.0.0.1:{port}",
    "granian": "-m granian --interface wsgi --host 127.0.0.1 --port {port} --log-level error app:app",
    "waitress": "-m waitress --listen=127.0.0.1:{port} app:app",
    "waitress, 64 threads": "-m waitress --threads 64 --listen=127.0.0.1:{port} app:app",
    "gunicorn, gthread": "-m gunicorn --bind 127.0.0.1:{port} --worker-class gthread --threads 16 --log-level error app:app",
}
SCENARIOS = {"hello-c1": ("/hello", 1), "hello-c16": ("/hello", 16), "hello-c64": ("/hello", 64), "1m-c1": ("/1m", 1)}
# What a browser sends.
HEADERS = [
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding: gzip, deflate, br",
    "Accept-Language: en-US,en;q=0.5",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Cookie: sessionid=0123456789abcdef0123456789abcdef; csrftoken=0123456789abcdef",
]


def start(name):
    """A process that serves, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *PEERS[name].format(port=port).split()]
    process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{name} does not serve")


def processor_time(process):
    """Seconds that a process and its children have used."""
    total = 0
    family = {process.pid}
    for entry in sorted((entry for entry in os.listdir("/proc") if entry.isdigit()), key=int):
        try:
            with open(f"/proc/{entry}/stat") as stream:
                fields = stream.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry) in family or int(fields[1]) in family:
            family.add(int(entry))
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def measure(process, port, path, connections, seconds):
    """Requests a second, and microseconds of the server's processor for each."""
    before = processor_time(process)
    headers = [part for header in HEADERS for part in ("-H", header)]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *headers, f"http://127.0.0.1:{port}{path}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", text)[1])
    assert "Non-2xx" not in text, text
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return rate, (processor_time(process) - before) / requests * 1e6


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    modules = {name: command.split()[1] for name, command in PEERS.items()}
    running = {name: start(name) for name in PEERS if find_spec(modules[name])}
    found = {}
    try:
        for turn in range(rounds):
            for scenario, (path, connections) in SCENARIOS.items():
                names = list(running)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    process, port = running[name]
                    found.setdefault((scenario, name), []).append(measure(process, port, path, connections, seconds))
    finally:
        for process, _ in running.values():
            process.terminate()
    for scenario in SCENARIOS:
        print(f"\n{scenario}\n{'':<22} {'requests/s':>11} {'ours x':>7} {'CPU us':>8}")
        ours = statistics.median(rate for rate, _ in found[scenario, "iiswsgi"])
        for name in running:
            rate = statistics.median(rate for rate, _ in found[scenario, name])
            cost = statistics.median(cost for _, cost in found[scenario, name])
            print(f"{name:<22} {rate:>11.0f} {ours / rate:>7.2f} {cost:>8.1f}")


if __name__ == "__main__":
    main()
