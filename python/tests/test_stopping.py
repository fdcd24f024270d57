"""How a gateway stops, and how signals reach it and the application.

What several processes do with signals is in test_processes.py; the event of IIS is a matter of Windows.
"""

import signal
import textwrap

import pytest

from fastcgi import PARAMS, STDIN, begin, pairs, params_of, record, request_bytes, stream, wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_running_request(start, number):
    gateway = start("apps:app")
    with gateway.connect() as connection:
        gate = gateway.gate()
        connection.send(request_bytes(params_of("/gate", **gate.params)))
        gate.wait_until_reached()
        gateway.process.send_signal(number)
        assert wait_until(lambda: "stopping: SIG" in gateway.log)
        gate.open()
        assert connection.answer().body == b"hello"
        assert connection.is_closed()
    assert gateway.process.wait(60) == 0
    assert not gateway.address.exists(), "its socket file is gone"


def test_a_signal_ends_an_idle_gateway_at_once(start):
    # An idle connection that held it would hold it for an hour.
    gateway = start("apps:app", "--threads", "4", "--graceful-timeout", "3600")
    with gateway.connect() as connection:
        assert connection.get().body == b"hello"
        assert gateway.stop() == 0


def test_a_client_that_has_not_asked_does_not_hold_a_stopping_gateway(start):
    gateway = start("apps:app", "--graceful-timeout", "3600")
    with gateway.connect() as connection:
        # Connections are accepted in their order.
        assert gateway.get().body == b"hello"
        assert gateway.stop() == 0
        assert connection.is_closed()


INTERRUPTED = """
import signal, threading

class TooLate(Exception):
    pass

def late(number, frame):
    raise TooLate

def touch(number, frame):
    try:
        current["wsgi.input"].read(1)
    except RuntimeError as error:
        current["said"] = str(error)
    current["wsgi.errors"].write("in the handler")
    raise TooLate

def app(environ, start_response):
    global current
    current = environ
    signal.signal(signal.SIGALRM, touch if environ["PATH_INFO"] == "/touch" else late)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        body = environ["wsgi.input"].read(int(environ["HTTP_SIZE"]))
    except TooLate:
        body = environ.get("said", "too late").encode()
    signal.setitimer(signal.ITIMER_REAL, 0)
    start_response("200 OK", [])
    return [body]
"""


READING = """
def app(environ, start_response):
    open("reading", "w").close()
    body = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [body]
"""


def start_of(params, body):
    """A request of which the body has begun to come."""
    return (
        begin()
        + stream(PARAMS, pairs(params_of("/", REQUEST_METHOD="POST", **params)))
        + record(PARAMS)
        + stream(STDIN, body)
    )


# Many bytes are read to where they are wanted, few are copied there.
@pytest.mark.parametrize("size", [10, 100_000])
def test_a_handler_of_a_signal_ends_the_wait_for_a_body(start, size):
    gateway = start("interrupted:app", files={"interrupted.py": INTERRUPTED})
    with gateway.connect() as connection:
        connection.send(start_of({"CONTENT_LENGTH": str(size), "HTTP_SIZE": str(size)}, b"x"))
        assert connection.answer().body == b"too late"


def test_a_handler_of_a_signal_cannot_use_the_request_that_it_interrupts(start):
    gateway = start("interrupted:app", files={"interrupted.py": INTERRUPTED})
    with gateway.connect() as connection:
        connection.send(start_of({"CONTENT_LENGTH": "10", "HTTP_SIZE": "10", "PATH_INFO": "/touch"}, b"x"))
        assert connection.answer().body == b"a handler of a signal cannot use the request that it interrupts"
    assert "in the handler" in gateway.log


def test_a_signal_is_heard_while_a_request_waits_for_its_body(start):
    gateway = start("reading:app", "--graceful-timeout", "0.3", files={"reading.py": READING})
    with gateway.connect() as connection:
        connection.send(start_of({"CONTENT_LENGTH": "1000"}, b"x"))
        assert wait_until((gateway.folder / "reading").exists)
        assert gateway.stop() == 0
    assert "giving them up" in gateway.log


def test_a_body_that_comes_after_the_signal_is_answered(start):
    gateway = start("reading:app", files={"reading.py": READING})
    with gateway.connect() as connection:
        connection.send(start_of({"CONTENT_LENGTH": "3"}, b"x"))
        assert wait_until((gateway.folder / "reading").exists)
        gateway.process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: "stopping: SIGTERM" in gateway.log)
        connection.send(stream(STDIN, b"yz") + record(STDIN))
        assert connection.answer().body == b"xyz"
    assert gateway.process.wait(60) == 0


def test_what_the_application_has_left_open_is_written_when_the_process_ends(start):
    text = """
    import atexit

    written = open("written", "w")
    at_exit = open("at-exit", "w")
    atexit.register(at_exit.write, "at exit")

    class Holder:
        def __init__(self):
            self.file = open("held", "w")

        def __del__(self):
            self.file.write("held")

    holder = Holder()

    def app(environ, start_response):
        written.write("written")
        start_response("200 OK", [])
        return [b"hello"]
    """
    gateway = start("leaving:app", files={"leaving.py": textwrap.dedent(text)})
    assert gateway.get().body == b"hello"
    assert gateway.stop() == 0
    assert {name: (gateway.folder / name).read_text() for name in ("written", "at-exit", "held")} == {
        "written": "written",
        "at-exit": "at exit",
        "held": "held",
    }


def test_a_request_that_never_ends_is_given_up(start):
    gateway = start("apps:app", "--graceful-timeout", "0.3")
    with gateway.connect() as connection:
        gate = gateway.gate()
        connection.send(request_bytes(params_of("/gate", **gate.params)))
        gate.wait_until_reached()
        assert gateway.stop() == 0
    assert "giving them up" in gateway.log
    assert not gateway.address.exists(), "its socket file is gone"
