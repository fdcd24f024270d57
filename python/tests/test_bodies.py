"""Bodies on their way: uploads in records of any length, answers in pieces that come quickly and then do not."""

import hashlib
import random

import pytest

from fastcgi import PARAMS, STDIN, STDOUT, begin, pairs, params_of, record, request_bytes

APP = '''
import hashlib, os, time

def upload(environ, start_response):
    size = environ["QUERY_STRING"]
    read = environ["wsgi.input"].read
    digest, total = hashlib.sha1(), 0
    while True:
        data = read(int(size)) if size else read()
        if not data:
            break
        digest.update(data)
        total += len(data)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{total} {digest.hexdigest()}".encode()]

def pieces(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one"
    yield b"two"
    yield b"x" * 20000
    while not os.path.exists("seen"):
        time.sleep(0.01)
    yield b"last"

kept = []

def keep(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    found = []
    for old_start, old_write, old_input in kept:
        found.append(old_input.read())
        for call in (lambda: old_write(b"x"), lambda: old_start("500 No", [])):
            try:
                call()
                found.append(b"accepted")
            except RuntimeError as error:
                found.append(str(error).encode())
    own = environ["wsgi.input"].read()
    if environ["QUERY_STRING"] == "keep":
        kept[:] = [(start_response, write, environ["wsgi.input"])]
    write(b"own ")
    return [own, b" ", b"|".join(found)]

def app(environ, start_response):
    return globals()[environ["PATH_INFO"].strip("/")](environ, start_response)
'''


@pytest.fixture(scope="module")
def bodies(start):
    return start("bodies:app", files={"bodies.py": APP})


def uploaded(bodies, lengths, paddings, size, cut=0):
    """Uploads in records of these lengths. The web server announces so many bytes less than it sends."""
    body = random.Random(1).randbytes(sum(lengths))
    announced = len(body) - cut
    params = params_of("/upload", "POST", CONTENT_LENGTH=str(announced), QUERY_STRING=size)
    data = begin() + record(PARAMS, pairs(params)) + record(PARAMS)
    start = 0
    for position, length in enumerate(lengths):
        padding = paddings[position % len(paddings)]
        data += record(STDIN, body[start : start + length], padding=padding)
        start += length
    with bodies.connect() as connection:
        for part in range(2):
            # The second time on a connection that has been through it.
            connection.send(data + record(STDIN))
            expected = f"{announced} {hashlib.sha1(body[:announced]).hexdigest()}"
            assert connection.answer().body.decode() == expected


@pytest.mark.parametrize("size", ["", "65536", "16384", "10000", "100"])
@pytest.mark.parametrize(
    "lengths, paddings",
    [
        ([32768] * 12, [0]),
        ([32760] * 12 + [5], [0]),
        ([8184] * 60, [8]),
        ([65535] * 6, [1]),
        ([20000, 20000, 20000, 19999, 20001, 1, 20000, 40000, 3, 20000], [0]),
        ([30000] * 8, [0, 7, 255]),
        ([random.Random(2).randint(1, 65535) for _ in range(20)], [0, 3]),
    ],
    ids=["equal", "rest", "small", "largest", "uneven", "uneven padding", "random"],
)
def test_uploads_arrive_however_their_records_are_cut(bodies, lengths, paddings, size):
    uploaded(bodies, lengths, paddings, size)


@pytest.mark.parametrize("size", ["", "65536"])
def test_an_upload_ends_at_its_announced_length(bodies, size):
    uploaded(bodies, [32768] * 4, [0], size, cut=40000)


@pytest.mark.parametrize("size", ["", "65536", "20000"])
def test_an_upload_that_is_shorter_than_announced_ends(bodies, size):
    params = params_of("/upload", "POST", CONTENT_LENGTH="200000", QUERY_STRING=size)
    with bodies.connect() as connection:
        connection.send(request_bytes(params, b"x" * 70000))
        assert connection.answer().body.decode() == f"70000 {hashlib.sha1(b'x' * 70000).hexdigest()}"


def test_pieces_that_were_collected_leave_while_the_next_one_is_made(bodies):
    (bodies.folder / "seen").unlink(missing_ok=True)
    with bodies.connect() as connection:
        connection.send(request_bytes(params_of("/pieces")))
        content = b""
        while not content.endswith(b"onetwo" + b"x" * 20000):
            kind, _, piece = connection.record()
            assert kind == STDOUT and piece
            content += piece
        (bodies.folder / "seen").touch()
        assert connection.answer().stdout.endswith(b"last")


def test_objects_that_an_application_keeps_have_nothing_to_do_with_later_requests(bodies):
    with bodies.connect() as connection:
        assert connection.post("/keep", b"first").body == b"own first "
        assert connection.post("/keep", b"second", QUERY_STRING="keep").body == b"own second "
        for body in (b"third", b"fourth"):
            answer = connection.post("/keep", body)
            assert answer.body == b"own " + body + b" |the request is over|the request is over"
