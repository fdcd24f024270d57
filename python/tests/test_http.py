"""``--http``: what HttpPlatformHandler and other proxies speak. By bare sockets, by curl and through nginx."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
from machine import ON_WINDOWS
from nginx import Nginx

from fastcgi import wait_until

# Windows has no SIGTERM and no processes that share a socket; curl and nginx are tried where they are at home.
on_unix = pytest.mark.skipif(ON_WINDOWS, reason="signals, shared sockets and proxies are Unix's here")


class Client:
    """A connection that says exactly what a test wants said."""

    def __init__(self, address, timeout=60):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family)
        self.socket.settimeout(timeout)
        self.socket.connect(address if isinstance(address, tuple) else str(address))
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        piece = self.socket.recv(65536)
        self.buffer += piece
        return piece

    def until(self, end):
        while end not in self.buffer:
            assert self.more(), f"the connection ended: {self.buffer!r}"
        found, _, self.buffer = self.buffer.partition(end)
        return found

    def take(self, count):
        while len(self.buffer) < count:
            assert self.more(), f"the connection ended: {self.buffer!r}"
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def answer(self, method="GET"):
        """Status, headers and body, read as RFC 9112 has it."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        status = int(lines[0].split(" ")[1])
        assert lines[0].startswith("HTTP/1.1 ")
        if status == 100 or method == "HEAD" or status in (204, 304):
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self.until(b"\r\n"), 16):
                body += self.take(size)
                assert self.take(2) == b"\r\n"
            assert self.take(2) == b"\r\n"
            return status, headers, body
        if "content-length" in headers:
            return status, headers, self.take(int(headers["content-length"]))
        assert headers["connection"] == "close"
        return status, headers, self.rest()

    def rest(self):
        while self.more():
            pass
        found, self.buffer = self.buffer, b""
        return found

    def ask(self, target="/", head="", body=b"", method="GET", version="1.1"):
        self.send(f"{method} {target} HTTP/{version}\r\nHost: h\r\n{head}\r\n".encode() + body)
        return self.answer(method)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.fixture(scope="module")
def http(start):
    return start("apps:app", "--http", tcp=True)


@pytest.fixture(scope="module")
def on_socket(start):
    return start("apps:app", "--http")


@pytest.fixture
def client(http):
    with Client(http.address) as client:
        yield client


def test_a_connection_serves_many_requests_with_and_without_a_length(client):
    for _ in range(3):
        status, headers, body = client.ask()
        assert (status, body, headers["content-length"]) == (200, b"hello", "5")
        assert "date" in headers and "connection" not in headers
        assert client.ask("/generator")[2] == b"ab"
        assert client.ask("/no_such")[0] == 200


def test_the_environ_is_that_of_pep_3333(client):
    environ = json.loads(client.ask("/types?a=%20b", "X-Two: 1\r\nx-two: 2\r\nCookie: a\r\nCookie: b\r\nX_Two: 3\r\n")[2])
    for name, value in {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/types",
        "QUERY_STRING": "a=%20b",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "h",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_X_TWO": "1, 2",
        "HTTP_COOKIE": "a; b",
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": "True",
    }.items():
        assert environ[name] == value, name


def test_bodies_come_by_length_and_in_chunks(client):
    assert client.ask("/read_all", "Content-Length: 5\r\n", b"12345", "POST")[2] == b"5 1234512345"
    chunks = b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
    assert client.ask("/read_all", "Transfer-Encoding: chunked\r\n", chunks, "POST")[2] == b"5 abcdeabcde"
    environ = json.loads(client.ask("/types", "Transfer-Encoding: chunked\r\n", chunks, "POST")[2])
    assert environ["CONTENT_LENGTH"] == "5" and "HTTP_TRANSFER_ENCODING" not in environ
    assert client.ask()[2] == b"hello"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_echoed_while_it_comes(client, chunked):
    body = os.urandom(1 << 20) * 5
    if chunked:
        head = "Transfer-Encoding: chunked\r\n"
        pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
        sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        head, sent = f"Content-Length: {len(body)}\r\n", body
    sender = threading.Thread(target=lambda: client.send(f"POST /echo HTTP/1.1\r\nHost: h\r\n{head}\r\n".encode() + sent))
    sender.start()
    status, _, answer = client.answer()
    sender.join()
    assert status == 200 and answer == body
    assert client.ask()[2] == b"hello"


def test_pipelined_requests_are_answered_in_their_order(client):
    request = b"GET /headers HTTP/1.1\r\nHost: h\r\n\r\nPOST /read_all HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
    client.send(request * 50)
    for _ in range(50):
        assert client.answer()[0] == 299
        assert client.answer()[2] == b"2 hihi"


def test_the_client_is_told_to_go_on_only_when_its_body_is_read(client):
    head = "Expect: 100-continue\r\nContent-Length: 5\r\n"
    status, _, _ = client.ask("/read_all", head, method="POST")
    assert status == 100
    client.send(b"12345")
    assert client.answer()[2] == b"5 1234512345"
    status, headers, body = client.ask("/hello", head, method="POST")
    assert (status, body, headers["connection"]) == (200, b"hello", "close")
    assert client.rest() == b""


def test_head_and_empty_answers_leave_the_connection_in_order(client):
    status, headers, _ = client.ask("/hello", method="HEAD")
    assert status == 200 and "transfer-encoding" not in headers
    for status in ("204", "304"):
        assert client.ask(f"/status_only?{status}", "X-Body: 1\r\n")[0] == int(status)
    assert client.ask()[2] == b"hello"


def test_http_1_0_gets_the_end_of_the_connection_or_keeps_it_when_it_asks(http):
    with Client(http.address) as client:
        status, headers, body = client.ask("/generator", version="1.0")
        assert (status, body, headers["connection"]) == (200, b"ab", "close")
    with Client(http.address) as client:
        for _ in range(2):
            assert client.ask("/hello", "Connection: keep-alive\r\n", version="1.0")[1]["connection"] == "keep-alive"


def test_an_answer_that_fails_or_is_too_short_is_cut_off(http):
    for target in ("/raise_in_body", "/length?20"):
        with Client(http.address) as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            text = client.rest()
            assert not text.endswith(b"0\r\n\r\n") and b"hello" not in text, text
    with Client(http.address) as client:
        assert client.ask("/length?7")[2] == b"1234567"
        assert client.ask("/raise_early")[0] == 500
        assert client.ask()[2] == b"hello"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 40\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /read_all HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: " + "x" * 70_000 + "\r\n\r\n", 431),
        ("\x16\x03\x01\x02\x00\r\n\r\n", 400),
    ],
)
def test_what_is_malformed_or_smuggled_is_refused_and_nothing_after_it_is_read(http, text, status):
    with Client(http.address) as client:
        client.send(text.encode("latin-1") + b"GET /headers HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = client.rest()
        assert answer.startswith(b"HTTP/1.1 %d " % status) and b"299" not in answer, answer
        assert answer.count(b"HTTP/1.1") == 1
    assert http.process.poll() is None


def test_slow_clients_hold_up_nobody(http):
    slow = [Client(http.address) for _ in range(20)]
    for number, client in enumerate(slow):
        client.send([b"GET / HT", b"POST /read_all HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc"][number % 2])
    with Client(http.address) as client:
        started = time.monotonic()
        assert client.ask()[2] == b"hello"
        # Nobody waits for the slow ones: it would be for 30 s.
        assert time.monotonic() - started < 20
    for number, client in enumerate(slow):
        client.send([b"TP/1.1\r\nHost: h\r\n\r\n", b"def"][number % 2])
        assert client.answer()[2] == [b"hello", b"6 abcdefabcdef"][number % 2]
        client.socket.close()


def test_a_client_that_goes_away_within_its_request_starts_nothing(start):
    http = start("apps:app", "--http", "--access-log", tcp=True)
    for text in (b"POST /read_all HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", b"GET / HTTP"):
        with Client(http.address) as client:
            client.send(text)
    with Client(http.address) as client:
        assert client.ask()[2] == b"hello"
    assert "read_all" not in http.log and "incident" not in http.log


@on_unix
def test_a_running_request_is_finished_and_says_that_the_connection_ends(start):
    gateway = start("apps:app", "--http", tcp=True)
    gate = gateway.gate()
    with Client(gateway.address) as idle, Client(gateway.address) as client:
        idle.ask()
        client.send(f"GET /gate HTTP/1.1\r\nHost: h\r\nGate: {gate.path}\r\n\r\n".encode())
        gate.wait_until_reached()
        gateway.process.send_signal(signal.SIGTERM)
        assert wait_until(lambda: "stopping" in gateway.log)
        gate.open()
        status, headers, body = client.answer()
        assert (status, body, headers["connection"]) == (200, b"hello", "close")
        assert idle.rest() == b"" and gateway.process.wait(60) == 0


def test_a_module_of_iis_tells_the_port_the_client_and_the_scheme(start):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gateway = start("apps:app", "--http", bind=False, env={"HTTP_PLATFORM_PORT": str(port)})
    forwarded = "X-Forwarded-For: 10.1.2.3:5000\r\nX-Forwarded-Proto: https\r\nX-IIS-WindowsAuthToken: 4\r\n"
    with Client(("127.0.0.1", port)) as client:
        environ = json.loads(client.ask("/types", forwarded)[2])
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["SERVER_PORT"]) == ("10.1.2.3", "https", "443")
    assert not [name for name in environ if "TOKEN" in name]
    assert f"serving on tcp:127.0.0.1:{port} by HTTP" in gateway.log


def test_nobody_else_is_believed_unless_it_is_said(http, start):
    forwarded = "X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: https\r\n"
    with Client(http.address) as client:
        environ = json.loads(client.ask("/types", forwarded)[2])
        assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    believing = start("apps:app", "--http", "--trusted-proxies", "127.0.0.1", "--script-name", "/app", tcp=True)
    with Client(believing.address) as client:
        environ = json.loads(client.ask("/app/types", forwarded)[2])
    assert (environ["REMOTE_ADDR"], environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("10.1.2.3", "/app", "/types")


def test_without_a_port_it_says_what_to_do(start):
    for arguments, text in (
        (("--http",), "HTTP_PLATFORM_PORT is not set"),
        (("--http", "--trusted-proxies", "x", "--bind", "tcp:127.0.0.1:0"), "no list of addresses"),
    ):
        gateway = start("apps:app", *arguments, bind=False, wait=False)
        assert gateway.process.wait(60) == 2
        assert text in gateway.log and "hint:" in gateway.log


@on_unix
def test_several_processes_share_the_port(start):
    gateway = start("apps:app", "--http", "--processes", "2", tcp=True)
    assert wait_until(lambda: gateway.log.count("by HTTP") >= 2)
    for _ in range(10):
        with Client(gateway.address) as client:
            assert client.ask()[2] == b"hello"
    assert gateway.stop() == 0


@on_unix
def test_curl_gets_uploads_and_waits_for_being_told_to_go_on(http, tmp_path):
    curl = shutil.which("curl")
    assert curl, "curl is needed: apt-get install curl"
    body = os.urandom(3_000_000)
    (tmp_path / "body").write_bytes(body)
    url = "http://{}:{}".format(*http.address)

    def run(*arguments):
        return subprocess.run([curl, "-sS", "--fail", *arguments], check=True, capture_output=True, timeout=120).stdout

    assert run(url) == b"hello"
    assert run("--http1.0", f"{url}/generator") == b"ab"
    # curl sends `Expect: 100-continue` with a large body of its own accord; here it waits long for the answer.
    for more in ((), ("-H", "Transfer-Encoding: chunked")):
        found = run("--expect100-timeout", "60", *more, "--data-binary", f"@{tmp_path / 'body'}", f"{url}/echo")
        assert found == body
    assert run("-I", url).startswith(b"HTTP/1.1 200 OK")


NGINX = """
    server {
        listen unix:front;
        location / {
            proxy_pass http://kept;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_buffering off;
        }
    }
"""


@on_unix
def test_nginx_passes_requests_on_kept_connections(on_socket):
    with Nginx(on_socket, NGINX, ["front"]) as nginx, Client(nginx.folder / "front") as client:
        for _ in range(20):
            assert client.ask("/hello")[2] == b"hello"
            assert client.ask("/generator")[2] == b"ab"
        body = os.urandom(300_000)
        # nginx sends no more of a body once the answer begins, so it is not one that echoes.
        whole = b"300000 " + body[:20] + body[-20:]
        assert client.ask("/read_all", f"Content-Length: {len(body)}\r\n", body, "POST")[2] == whole
        chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        assert client.ask("/read_all", "Transfer-Encoding: chunked\r\n", chunk, "POST")[2] == whole
        assert client.ask("/raise_early")[0] == 500
        assert client.ask("/hello", method="HEAD")[0] == 200
