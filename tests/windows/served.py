"""What the imitation of IIS asks for."""


def application(environ, start_response):
    path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
    if "error" in path:
        raise RuntimeError("as it should be")
    length = len(environ["wsgi.input"].read())
    print("a stray print")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if "large" in path:
        return [b"x" * 300_000 for _ in range(10)]
    return [b"%d bytes" % length]
