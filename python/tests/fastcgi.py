"""A FastCGI client written by hand from the specification, independent of the project's own."""

import socket
import struct
import time

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN = range(1, 12)


def record(kind, content=b"", request=1, padding=0):
    return struct.pack(">BBHHBB", 1, kind, request, len(content), padding, 0) + content + b"\xaa" * padding


def begin(request=1, role=1, keep=True):
    return record(BEGIN, struct.pack(">HB5x", role, int(keep)), request)


def pair(name, value, long=False):
    def length(part):
        return bytes([len(part)]) if len(part) < 128 and not long else struct.pack(">I", len(part) | 0x80000000)

    return length(name) + length(value) + name + value


def pairs(params, long=False):
    def to_bytes(text):
        return text if isinstance(text, bytes) else text.encode("latin-1")

    return b"".join(pair(to_bytes(name), to_bytes(value), long) for name, value in params.items())


def params_of(path="/", method="GET", **more):
    params = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "example.org",
    }
    params.update(more)
    return params


def stream(kind, content, request=1, size=65535):
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(record(kind, part, request) for part in parts)


def request_bytes(params, body=b"", request=1, keep=True):
    return (
        begin(request, keep=keep)
        + stream(PARAMS, pairs(params), request)
        + record(PARAMS, b"", request)
        + stream(STDIN, body, request)
        + record(STDIN, b"", request)
    )


class Answer:
    """What came for one request."""

    def __init__(self):
        self.stdout = b""
        self.stderr = b""
        self.end = None
        self.empty_stdout = 0
        self.after_end_of_stdout = 0

    @property
    def head(self):
        return self.stdout.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self):
        return self.stdout.partition(b"\r\n\r\n")[2]

    @property
    def status(self):
        assert self.head.startswith("Status: "), self.stdout[:200]
        return int(self.head[8:11])

    @property
    def headers(self):
        return [tuple(line.split(": ", 1)) for line in self.head.split("\r\n")[1:]]

    def header(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Connection:
    """One connection to a gateway."""

    def __init__(self, address, timeout=60):
        if isinstance(address, socket.socket):
            self.socket = address
        elif isinstance(address, tuple):
            self.socket = socket.create_connection(address)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(address))
        self.socket.settimeout(timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f"{len(self.buffer)} of {count} bytes")
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def peek(self, count):
        """The next bytes, which stay to be read."""
        self.buffer = self.take(count) + self.buffer
        return self.buffer[:count]

    def record(self):
        version, kind, request, length, padding, _ = struct.unpack(">BBHHBB", self.take(8))
        assert version == 1
        content = self.take(length)
        self.take(padding)
        return kind, request, content

    def answers(self, requests=(1,)):
        """The answers to these requests, until all are ended."""
        found = {request: Answer() for request in requests}
        while any(answer.end is None for answer in found.values()):
            kind, request, content = self.record()
            answer = found[request]
            assert answer.end is None, "a record after FCGI_END_REQUEST"
            if kind == STDOUT:
                answer.after_end_of_stdout += answer.empty_stdout
                answer.empty_stdout += not content
                answer.stdout += content
            elif kind == STDERR:
                answer.stderr += content
            elif kind == END:
                answer.end = struct.unpack(">IB3x", content)
        return found

    def answer(self, request=1):
        return self.answers((request,))[request]

    def get(self, path="/", method="GET", body=b"", request=1, keep=True, **more):
        self.send(request_bytes(params_of(path, method, **more), body, request, keep))
        return self.answer(request)

    def post(self, path, body, **more):
        return self.get(path, "POST", body, CONTENT_LENGTH=str(len(body)), **more)

    def is_closed(self, within=60):
        """Whether the gateway closes the connection, without another byte."""
        self.socket.settimeout(within)
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def listens(address):
    """Whether somebody listens there: a socket's file is there a moment before."""
    try:
        Connection(address).socket.close()
    except OSError:
        return False
    return True


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False
