"""What the bench of the gateway has served: the same answers as its responder without Python gives."""

HELLO = b"Hello, World! 12345\n"
PIECE = b"x" * 10240
LARGE = b"x" * (1 << 20)


def pieces():
    for _ in range(100):
        yield PIECE


def upload(environ):
    read = environ["wsgi.input"].read
    total = 0
    while data := read(min(65536, int(environ["CONTENT_LENGTH"]) - total)):
        total += len(data)
    return b"%020d" % total


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return pieces()
    if path == "/sleep":
        import time

        time.sleep(0.1)
    body = LARGE if path == "/1m" else upload(environ) if path == "/upload" else HELLO
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
