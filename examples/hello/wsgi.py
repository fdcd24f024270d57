"""The smallest application that iiswsgi can ship: no configuration, no requirements."""

from __future__ import annotations

from html import escape


def application(environ, start_response):
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    body = f"<!doctype html>\n<title>Hello</title>\n<p>Hello from {escape(path)}\n".encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]
