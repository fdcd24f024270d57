"""Entry points for Paste: ``egg:iiswsgi#iis`` and ``egg:iiswsgi#test_app`` in an ini file."""

from __future__ import annotations

import html
from collections.abc import Callable

from iiswsgi.options import OPTIONS
from iiswsgi.serving import UsageError, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from iiswsgi.loader import Application, Environ


def _values(settings: dict[str, Any]) -> dict[str, Any]:
    """The options of a ``[server:main]`` section, under the names of the command's, with ``_`` for ``-``."""
    known = {option.key: option for option in OPTIONS if option.key != "check"}
    values = {}
    for key, text in settings.items():
        key = key.replace("-", "_")
        if key not in known:
            raise UsageError(f"unknown setting `{key}` of `egg:iiswsgi#iis`: {', '.join(sorted(known))}")
        values[key] = known[key].read(str(text), f"`{key}`")
    return values


def server_runner(app: Application, global_conf: dict[str, str], **settings: str) -> None:
    """``paste.server_runner``: serves an application until the process is told to stop."""
    serve(app, **_values(settings))


def server_factory(global_conf: dict[str, str], **settings: str) -> Callable[[Application], None]:
    """``paste.server_factory``: gives a function that serves an application."""
    values = _values(settings)
    return lambda app: serve(app, **values)


def test_app(global_conf: dict[str, str] | None = None, **settings: str) -> Application:
    """``paste.app_factory``: an application that shows the environ of each request, escaped."""

    def application(environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        rows = "".join(
            f"<tr><th>{html.escape(key)}</th><td>{html.escape(repr(value))}</td></tr>\n"
            for key, value in sorted(environ.items())
        )
        page = (
            "<!DOCTYPE html>\n<html><head><title>Test IIS FastCGI WSGI Application</title></head><body>\n"
            "<h1>Test IIS FastCGI WSGI Application</h1>\n<table><caption>WSGI environ</caption>\n"
            f"{rows}</table>\n</body></html>\n"
        ).encode()
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
        start_response("200 OK", headers)
        return [page]

    return application
