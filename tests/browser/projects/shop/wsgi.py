"""An application with pages, an error and a slow answer."""

import sys
import time

DATABASE, SECRET = "__database__", "__secret__"
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,"></head>
<body><main><h1>The shop is open</h1></main></body></html>"""


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/boom":
        raise ValueError("the till is <empty>")
    if path == "/drip":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return drip()
    print("somebody came in", file=sys.stderr)
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE.encode()]


def drip():
    for number in range(3):
        yield b"drop %d\n" % number
        time.sleep(0.4)
