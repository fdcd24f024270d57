"""The applications of the tests, one a path."""

import io
import json
import os
import sys
import threading
import time

CLOSED = []


class Body:
    """An iterable that counts its closing."""

    def __init__(self, name, pieces, error=None):
        self.name = name
        self.pieces = pieces
        self.error = error

    def __iter__(self):
        yield from self.pieces
        if self.error:
            raise self.error

    def close(self):
        CLOSED.append(self.name)


def text(start_response, status="200 OK", headers=()):
    return start_response(status, [("Content-Type", "text/plain"), *headers])


def wait_at_gate(environ):
    """Waits until the test opens the gate, and says that it has got there."""
    path = environ["HTTP_GATE"]
    with open(path + ".reached", "w"):
        pass
    deadline = time.monotonic() + 120
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise AssertionError("nobody opens the gate")
        time.sleep(0.005)


def gate(environ, start_response):
    wait_at_gate(environ)
    return hello(environ, start_response)


MEETING = threading.Barrier(16)


def meet(environ, start_response):
    """Answers when sixteen requests run at the same time."""
    MEETING.wait(120)
    return hello(environ, start_response)


def hello(environ, start_response):
    text(start_response)
    return [b"hello"]


def show_environ(environ, start_response):
    text(start_response)
    return [json.dumps({key: value if isinstance(value, str) else repr(value) for key, value in environ.items()}).encode()]


def types(environ, start_response):
    assert type(environ) is dict
    strings = [key for key, value in environ.items() if not key.startswith("wsgi.") and type(value) is not str]
    assert not strings, strings
    assert environ["wsgi.version"] == (1, 0)
    for name in ("multithread", "multiprocess", "run_once"):
        assert isinstance(environ["wsgi." + name], bool)
    environ["changed"] = "by the application"
    return show_environ(environ, start_response)


def read_all(environ, start_response):
    body = environ["wsgi.input"].read()
    text(start_response)
    return [b"%d " % len(body), body[:20], body[-20:]]


def read_pieces(environ, start_response):
    total, sizes = 0, set()
    while True:
        piece = environ["wsgi.input"].read(1000)
        if not piece:
            break
        sizes.add(len(piece))
        total += len(piece)
    text(start_response)
    return [json.dumps([total, sorted(sizes)]).encode()]


def read_forms(environ, start_response):
    stream = environ["wsgi.input"]
    found = [stream.read(3), stream.readline(), stream.readline(4), stream.readline(), next(iter(stream))]
    found += [stream.readlines(1), stream.readlines(), stream.read(), stream.readline(), stream.readlines(), stream.read(0)]
    text(start_response)
    return [repr(found).encode()]


def echo(environ, start_response):
    text(start_response)
    while True:
        piece = environ["wsgi.input"].read(50000)
        if not piece:
            return
        yield piece


def abort_reading(environ, start_response):
    try:
        environ["wsgi.input"].read()
    except OSError as error:
        CLOSED.append(type(error).__name__)
        raise
    return hello(environ, start_response)


def headers(environ, start_response):
    text(start_response, "299 Very Fine", [("Set-Cookie", "a=1"), ("X-Latin", "caf\xe9"), ("Set-Cookie", "b=2")])
    return [b"x"]


def bad_header(environ, start_response):
    name, value = json.loads(environ["QUERY_STRING"])
    text(start_response, headers=[(name, value)])
    return [b"x"]


def bad_status(environ, start_response):
    start_response(json.loads(environ["QUERY_STRING"]), [])
    return [b"x"]


def raise_early(environ, start_response):
    raise ValueError("early failure \u20ac")


def raise_after_start(environ, start_response):
    text(start_response)
    raise ValueError("after start")


def raise_in_body(environ, start_response):
    text(start_response)
    return Body("raise_in_body", [b"first"], ValueError("in the body"))


def raise_before_body(environ, start_response):
    text(start_response)
    return Body("raise_before_body", [], ValueError("before the body"))


def exit_early(environ, start_response):
    sys.exit(3)


def keyboard(environ, start_response):
    raise KeyboardInterrupt


def no_start(environ, start_response):
    return [b"body"]


def no_start_no_body(environ, start_response):
    return []


def none(environ, start_response):
    text(start_response)


def string_body(environ, start_response):
    text(start_response)
    return ["text"]


def replace_head(environ, start_response):
    text(start_response)
    try:
        raise ValueError("replaced")
    except ValueError:
        text(lambda status, headers: start_response(status, headers, sys.exc_info()), "500 Replaced")
    return [b"replaced"]


def late_exc_info(environ, start_response):
    text(start_response)
    yield b"sent"
    try:
        raise KeyError("late")
    except KeyError:
        try:
            start_response("500 Late", [], sys.exc_info())
        except KeyError:
            yield b" reraised"


def twice(environ, start_response):
    text(start_response)
    text(start_response)
    return [b"x"]


def write(environ, start_response):
    send = text(start_response)
    send(b"one ")
    send(b"two ")
    return [b"three"]


def write_first(environ, start_response):
    send = text(start_response)
    send(b"one ")
    wait_at_gate(environ)
    return [b"two"]


def generator(environ, start_response):
    text(start_response)
    yield b""
    yield b"a"
    yield b""
    yield b"b"


def closing(environ, start_response):
    text(start_response)
    return Body("closing", [b"a", b"b"])


def stream(environ, start_response):
    text(start_response)
    return Body("stream", (b"x" * 1000 for _ in range(10**9)))


def slow_stream(environ, start_response):
    text(start_response)

    def pieces():
        for _ in range(2000):
            yield b"x" * 10
            time.sleep(0.005)

    return Body("slow_stream", pieces())


def first_then_wait(environ, start_response):
    text(start_response)
    yield b"first"
    wait_at_gate(environ)
    yield b"second"


def file_wrapper(environ, start_response):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "file.bin")
    if not os.path.exists(path):
        with open(path, "wb") as stream:
            stream.write(b"0123456789" * 30000)
    stream = open(path, "rb")
    stream.seek(5)
    length = environ["QUERY_STRING"]
    text(start_response, headers=[("Content-Length", length)] if length else [])
    return environ["wsgi.file_wrapper"](stream, 1024)


def file_wrapper_bytes(environ, start_response):
    class File:
        read = io.BytesIO(b"from memory").read

        def close(self):
            CLOSED.append("file")

    text(start_response)
    return environ["wsgi.file_wrapper"](File())


def length(environ, start_response):
    text(start_response, headers=[("Content-Length", environ["QUERY_STRING"])])
    return iter([b"12345", b"67890"])


def status_only(environ, start_response):
    start_response(environ["QUERY_STRING"] + " X", [])
    return [b"a body that must not be sent"] if environ.get("HTTP_X_BODY") else []


def errors(environ, start_response):
    stream = environ["wsgi.errors"]
    stream.write("one \u20ac\n")
    stream.writelines(["two\n", "three\n"])
    stream.flush()
    print("printed")
    sys.stdout.flush()
    return hello(environ, start_response)


def large(environ, start_response):
    text(start_response)
    return [b"y" * int(environ["QUERY_STRING"])]


def closed(environ, start_response):
    text(start_response)
    names = json.dumps(CLOSED).encode()
    CLOSED.clear()
    return [names]


def keep_input(environ, start_response):
    """Uses the input after the request is over."""
    stream = environ["wsgi.input"]

    def later():
        wait_at_gate(environ)
        CLOSED.append(repr(stream.read()))

    threading.Thread(target=later).start()
    return hello(environ, start_response)


def crash(environ, start_response):
    """Dies as a broken extension module does."""
    import faulthandler

    faulthandler._sigsegv()


def app(environ, start_response):
    """Finds the application by the path."""
    found = globals().get(environ["PATH_INFO"].strip("/") or "hello")
    return (found or show_environ)(environ, start_response)


def make():
    return hello
