"""``--check``: one request, from FastCGI bytes to FastCGI bytes, without a web server."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from iiswsgi.loader import explanation, load
from iiswsgi.serving import serve

PARAMS = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "localhost",
    "REMOTE_ADDR": "127.0.0.1",
}


def check(app: str, values: dict[str, Any]) -> int:
    """Loads the application, asks it for ``/`` and shows the answer's head. 1 when it fails or answers 5xx."""
    try:
        application = load(app)
    except (Exception, SystemExit) as error:
        print(explanation(app, error), file=sys.stderr)
        return 1
    bind, connect = _place()
    answer: list[bytes] = []
    reader = threading.Thread(target=_exchange, args=(connect, answer), daemon=True)
    reader.start()
    ours_alone = {**bind, "http": False, "threads": 1, "log_level": "warning"}
    serve(application, **{**values, **ours_alone})
    reader.join(5)
    head = b"".join(answer).partition(b"\r\n\r\n")[0].decode("latin-1")
    print(head)
    status = head[len("Status: ") :][:3]
    return 0 if head.startswith("Status: ") and status < "500" else 1


def _place() -> tuple[dict[str, Any], Callable[[], socket.socket]]:
    """Where the one request is served, and how it is asked there."""
    if os.name != "nt":
        ours, theirs = socket.socketpair()
        return {"bind": f"fd:{theirs.detach()}"}, lambda: ours
    # No descriptor can be served on there.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()

    def connect() -> socket.socket:
        deadline = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(address, timeout=30)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    return {"bind": f"tcp:127.0.0.1:{address[1]}", "max_requests": 1, "max_requests_jitter": 0}, connect


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def _exchange(connect: Callable[[], socket.socket], answer: list[bytes]) -> None:
    connection = connect()
    pairs = b"".join(
        struct.pack("BB", len(name), len(value)) + name.encode() + value.encode() for name, value in PARAMS.items()
    )
    connection.sendall(
        _record(1, struct.pack(">HB5x", 1, 0)) + _record(4, pairs) + _record(4, b"") + _record(5, b"")
    )
    with connection.makefile("rb") as stream:
        while header := stream.read(8):
            _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
            content = stream.read(length)
            stream.read(padding)
            if kind == 6:
                answer.append(content)
            elif kind == 3:
                break
    connection.close()
