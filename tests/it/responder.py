"""A FastCGI responder of a few lines for the tests of IIS: what it does is said by the path that is asked for."""

import os
import socket
import struct
import sys
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else ""
if MODE == "dies":
    print("cannot import name 'nothing'", file=sys.stderr)
    sys.exit(3)
if MODE == "hangs":
    print("loading a large model", file=sys.stderr, flush=True)
    time.sleep(3600)


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1 if kind < 9 else 0, len(content), 0) + content


def exactly(connection, length):
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def params(data):
    found, at = {}, 0
    while at < len(data):
        lengths = []
        for _ in range(2):
            if data[at] < 128:
                lengths.append(data[at])
                at += 1
            else:
                lengths.append(struct.unpack_from("!L", data, at)[0] & 0x7FFFFFFF)
                at += 4
        name, value = data[at : at + lengths[0]], data[at + lengths[0] : at + sum(lengths)]
        at += sum(lengths)
        found[name.decode()] = value.decode()
    return found


def answer(connection, environ, body):
    path = environ["PATH_INFO"]
    if path.endswith("/exit"):
        print("leaving in the middle", file=sys.stderr, flush=True)
        os._exit(7)
    if path.endswith("/slow"):
        time.sleep(30)
    if path.endswith("/complain"):
        connection.sendall(record(7, b"this is the traceback"))
    if path.endswith("/drip"):
        connection.sendall(record(6, b"Content-Type: text/plain\r\n\r\nfirst "))
        time.sleep(0.5)
        connection.sendall(record(6, b"second") + record(6) + record(3, bytes(8)))
        return
    if path.endswith("/nap"):
        time.sleep(0.5)
    if path.endswith("/sleep"):
        time.sleep(1.5)
    if path.endswith("/trickle"):
        connection.sendall(record(6, b"Content-Type: text/plain\r\n\r\n"))
        for _ in range(100):
            connection.sendall(record(6, b"."))
            time.sleep(0.2)
    if path.endswith("/echo"):
        text = body
    elif path.endswith(("/pid", "/nap", "/sleep")):
        text = str(os.getpid()).encode()
    elif path.endswith("/process"):
        names = ["APP_POOL_ID", "GREETING", "PYTHONPATH"]
        text = "\n".join([os.getcwd(), sys.prefix] + [f"{n}={os.environ.get(n)}" for n in names]).encode()
    else:
        text = "".join(f"{name}={value}\n" for name, value in sorted(environ.items())).encode()
    out = b"Status: 201 Made\r\nContent-Type: text/plain\r\nX-A: 1\r\n\r\n" + text
    for at in range(0, len(out), 60000):
        connection.sendall(record(6, out[at : at + 60000]))
    connection.sendall(record(6) + record(3, bytes(8)))
    if path.endswith("/close"):
        raise EOFError


def serve(connection):
    head, body = b"", b""
    while True:
        _, kind, _, length, padding = struct.unpack("!BBHHBx", exactly(connection, 8))
        content = exactly(connection, length + padding)[:length]
        if kind == 9:
            connection.sendall(record(10, b"\x0f\x01FCGI_MPXS_CONNS0"))
        elif kind == 2:
            # The web server gives the request up.
            connection.sendall(record(3, bytes(8)))
            head, body = b"", b""
        elif kind == 4:
            head += content
        elif kind == 5 and content:
            body += content
        elif kind == 5:
            answer(connection, params(head), body)
            head, body = b"", b""


class Pipe:
    """The server's end of a named pipe, as IIS hands it over on Windows: it knows one client at a time."""

    def __init__(self):
        import _winapi
        import ctypes
        import msvcrt

        self.api, self.kernel = _winapi, ctypes.windll.kernel32
        self.handle = msvcrt.get_osfhandle(0)
        self.pointer = ctypes.c_void_p(self.handle)

    def accept(self):
        try:
            self.api.ConnectNamedPipe(self.handle)
        except OSError as error:
            # ERROR_PIPE_CONNECTED: the client was quicker.
            if error.winerror != 535:
                raise
        return self, None

    def recv(self, length):
        return self.api.ReadFile(self.handle, length)[0]

    def sendall(self, data):
        while data:
            data = data[self.api.WriteFile(self.handle, data)[0] :]

    def close(self):
        self.kernel.FlushFileBuffers(self.pointer)
        self.kernel.DisconnectNamedPipe(self.pointer)


listener = Pipe() if os.name == "nt" else socket.socket(fileno=0)
while True:
    connection, _ = listener.accept()
    try:
        serve(connection)
    except (EOFError, OSError):
        connection.close()
