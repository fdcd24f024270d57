"""CPython without its global lock: what only such a build can show. With the lock all of this skips."""

import sys

import pytest

from fastcgi import params_of, request_bytes

pytestmark = pytest.mark.skipif(
    getattr(sys, "_is_gil_enabled", lambda: True)(), reason="this CPython has its global lock"
)

# Each of two requests counts on only when the other has counted, and nothing of them waits: with the lock, which no thread
# gives up of its own accord here, the first would spin for ever.
RENDEZVOUS = """
import sys
sys.setswitchinterval(100_000)
counts = [0, 0]

def app(environ, start_response):
    if environ["PATH_INFO"] == "/lock":
        start_response("200 OK", [])
        return [str(sys._is_gil_enabled()).encode()]
    mine = int(environ["QUERY_STRING"])
    for count in range(1, 201):
        counts[mine] = count
        while counts[1 - mine] < count:
            pass
    start_response("200 OK", [])
    return [b"met"]
"""


def test_the_gateway_leaves_the_lock_off(start):
    gateway = start("meeting:app", files={"meeting.py": RENDEZVOUS})
    assert gateway.get("/lock").body == b"False"


def test_requests_that_only_compute_run_in_parallel(start):
    gateway = start("meeting:app", "--threads", "4", files={"meeting.py": RENDEZVOUS})
    with gateway.connect() as one, gateway.connect() as other:
        for number, connection in enumerate((one, other)):
            connection.send(request_bytes(params_of(QUERY_STRING=str(number))))
        assert [connection.answer().body for connection in (one, other)] == [b"met", b"met"]
