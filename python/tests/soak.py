"""A soak: mixed requests with aborts, resets and slow clients, and what the gateway has left of them at the end.

    python python/tests/soak.py [REQUESTS] [THREADS]

Needs the installed package. It prints the counts and the use of descriptors, threads, memory and Python objects before
and after, and fails when something was answered wrong or has leaked.
"""

import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from fastcgi import ABORT, PARAMS, STDIN, Connection, begin, pairs, params_of, record, request_bytes, wait_until

APP = """
import gc, json, os
from apps import app as inner

def app(environ, start_response):
    if environ["PATH_INFO"] == "/state":
        gc.collect()
        start_response("200 OK", [])
        types = {}
        for thing in gc.get_objects():
            name = type(thing).__name__
            types[name] = types.get(name, 0) + 1
        import sys
        return [json.dumps({"objects": sum(types.values()), "allocated": sys.getallocatedblocks()}).encode()]
    return inner(environ, start_response)
"""


def descriptors(pid):
    """How many descriptors of each kind are open."""
    kinds = Counter()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds[os.readlink(f"/proc/{pid}/fd/{name}").partition(":")[0]] += 1
        except FileNotFoundError:
            pass
    return dict(sorted(kinds.items()))


def state(pid, address, idle):
    """What the process uses. Connections that were closed just now are given time to go, down to those of the start."""
    with Connection(address, 60) as connection:
        found = json.loads(connection.get("/state").body)
    wait_until(lambda: descriptors(pid) == idle, 20)
    status = Path(f"/proc/{pid}/status").read_text()
    found["descriptors"] = descriptors(pid)
    found["threads"] = int(status.split("Threads:")[1].split()[0])
    found["resident_kb"] = int(status.split("VmRSS:")[1].split()[0])
    return found


def one(connection, rng):
    """One request, good or bad. Gives its kind and the connection to go on with, None for a new one."""
    kind = rng.choices(
        ["hello", "large", "upload", "stream", "error", "abort", "reset", "slow", "truncated", "close", "garbage"],
        [40, 8, 10, 8, 5, 8, 6, 3, 5, 5, 2],
    )[0]
    request = rng.randrange(1, 65536)
    if kind == "hello":
        assert connection.get(request=request, HTTP_X=str(rng.random())).body == b"hello"
    elif kind == "large":
        size = rng.randrange(200_000)
        assert len(connection.get("/large", request=request, QUERY_STRING=str(size)).body) == size
    elif kind == "upload":
        body = rng.randbytes(rng.randrange(150_000))
        answer = connection.post("/read_all", body, request=request)
        assert answer.body == b"%d " % len(body) + body[:20] + body[-20:]
    elif kind == "stream":
        assert connection.get("/closing", request=request).body == b"ab"
    elif kind == "error":
        assert connection.get("/raise_early", request=request).status == 500
    elif kind == "abort":
        connection.send(request_bytes(params_of(rng.choice(["/stream", "/hello", "/large"]), QUERY_STRING="100000"), request=request))
        connection.send(record(ABORT, b"", request))
        connection.answer(request)
    elif kind == "reset":
        connection.send(request_bytes(params_of("/stream"), request=request))
        connection.record()
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return kind, None
    elif kind == "slow":
        for byte in request_bytes(params_of("/read_all", "POST"), b"slow", request):
            connection.send(bytes([byte]))
        assert connection.answer(request).body == b"4 slowslow"
    elif kind == "truncated":
        data = begin(request) + record(PARAMS, pairs(params_of("/read_all", "POST")), request) + record(PARAMS, b"", request)
        data += record(STDIN, b"x" * 1000, request)
        connection.send(data[: rng.randrange(len(data))])
        connection.close()
        return kind, None
    elif kind == "close":
        assert connection.get(request=request, keep=False).body == b"hello"
        assert connection.is_closed()
        return kind, None
    else:
        connection.send(rng.randbytes(50).replace(b"\1", b"\2"))
        connection.is_closed()
        return kind, None
    return kind, connection


def client(address, share, seed, counts, failures):
    rng = random.Random(seed)
    connection = None
    for _ in range(share):
        if connection is None:
            connection = Connection(address, 60)
        try:
            kind, connection = one(connection, rng)
            counts[kind] += 1
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}"[:300])
            connection = None


def grown(before, after, idle):
    """What is more than it was, beyond what an allocator and a cache may add. Descriptors must be those of the start."""
    slack = {"threads": 0, "objects": 200, "allocated": 3000, "resident_kb": 8192}
    names = [name for name, least in slack.items() if after[name] > before[name] + least]
    return names + ["descriptors"] * (after["descriptors"] != idle)


def soak(total, threads):
    """Sends so many requests to a gateway with so many threads. True when nothing was wrong."""
    folder = Path(tempfile.mkdtemp(prefix="gw"))
    shutil.copy(Path(__file__).parent / "apps.py", folder)
    (folder / "soakapp.py").write_text(APP)
    address = folder / "s"
    command = [sys.executable, "-m", "iiswsgi", "serve", "soakapp:app", "--bind", f"unix:{address}"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([*command, "--threads", str(threads)], cwd=folder, stderr=log)
    counts, failures = Counter(), []

    def run(count, seed):
        shares = [(address, count // 8, seed + number, counts, failures) for number in range(8)]
        workers = [threading.Thread(target=client, args=share) for share in shares]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    try:
        assert wait_until(lambda: b"serving on" in (folder / "log").read_bytes(), 30)
        idle = descriptors(process.pid)
        # The first part fills caches and arenas: what grows after it is a leak.
        run(max(total // 5, 800), 0)
        before = state(process.pid, address, idle)
        run(total, 1000)
        after = state(process.pid, address, idle)
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
    leaks = grown(before, after, idle)
    print("requests", sum(counts.values()), dict(sorted(counts.items())))
    print("before", before)
    print("after ", after)
    print("exit code", code, "leaks", leaks, "failures", len(failures), failures[:5])
    return not (failures or leaks or code)


def main():
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    return 0 if soak(total, threads) else 1


if __name__ == "__main__":
    sys.exit(main())
