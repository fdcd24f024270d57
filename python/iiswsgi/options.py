"""The options of ``python -m iiswsgi serve``: each is also an environment variable.

A parser of our own: importing argparse takes longer than everything else that the start does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from iiswsgi.serving import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Option:
    """One option. A flag has no value."""

    def __init__(self, name: str, kind: Callable[[str], Any], default: Any, meta: str, text: str) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.meta = meta
        self.text = text

    @property
    def key(self) -> str:
        return self.name[2:].replace("-", "_")

    @property
    def variable(self) -> str:
        return "IISWSGI_" + self.key.upper()

    def read(self, text: str, source: str) -> Any:
        """The value that a text means."""
        if self.kind is bool:
            lowered = text.strip().lower()
            if lowered in ("1", "true", "yes", "on"):
                return True
            if lowered in ("", "0", "false", "no", "off"):
                return False
            raise UsageError(f"{source}: `{text}` is neither `true` nor `false`")
        try:
            value = self.kind(text)
        except ValueError:
            raise UsageError(f"{source}: `{text}` is no {'whole ' if self.kind is int else ''}number") from None
        if self.kind in (int, float) and not 0 <= value < 1e12:
            raise UsageError(f"{source}: `{text}` is out of range")
        return value


OPTIONS = [
    Option("--bind", str, None, "ADDRESS", "unix:PATH, tcp:HOST:PORT, fd:N or pipe; else descriptor 0 is looked at"),
    Option("--http", bool, False, "", "speak HTTP, on 127.0.0.1 and HTTP_PLATFORM_PORT unless --bind says where"),
    Option("--trusted-proxies", str, None, "LIST", "addresses whose X-Forwarded-For and -Proto are believed; `*`: all"),
    Option("--threads", int, 1, "N", "requests that run at the same time (1)"),
    Option("--processes", int, 1, "N", "processes that share the socket, supervised (1)"),
    Option("--max-requests", int, None, "N", "stop after so many requests"),
    Option("--max-requests-jitter", int, 0, "N", "and up to N more, so that not all processes stop at once"),
    Option("--request-timeout", float, None, "SECONDS", "interrupt a request that takes longer"),
    Option("--graceful-timeout", float, 30.0, "SECONDS", "how long running requests may take after SIGTERM (30)"),
    Option("--script-name", str, None, "PATH", "the path below which the application lives"),
    Option("--max-params", int, 4 << 20, "BYTES", "the largest head of a request (4194304)"),
    Option("--log-file", str, None, "FILE", "the log; `-` is standard error"),
    Option("--log-level", str, "info", "LEVEL", "debug, info, warning or error (info)"),
    Option("--log-size", int, 10 << 20, "BYTES", "rotate the log beyond this (10485760)"),
    Option("--access-log", bool, False, "", "log each request"),
    Option("--reload", bool, False, "", "restart when a file of the application changes"),
    Option("--trace", bool, False, "", "log every line of Python that runs (very slow)"),
    Option("--debug", bool, False, "", "show tracebacks on the error page"),
    Option("--check", bool, False, "", "load the application, answer one request in memory, and exit"),
]

USAGE = "usage: python -m iiswsgi serve [OPTIONS] APP"


def help_text() -> str:
    """The help of the command."""
    lines = [
        USAGE,
        "",
        "Serve the WSGI application APP over FastCGI, or over HTTP behind HttpPlatformHandler or another proxy.",
        "",
        "APP is module:callable, module:factory(), package.module.attribute, path/file.py[:callable] or",
        "paste:FILE.ini[#name]. Without APP the variable WSGI_HANDLER is read, or under IIS the web.config.",
        "",
        "options:",
    ]
    for option in OPTIONS:
        head = f"  {option.name} {option.meta}".rstrip()
        lines.append(f"{head:<29} {option.text}")
    lines += [
        "  -h, --help                  show this text",
        "",
        "Each option is also an environment variable: --log-level is IISWSGI_LOG_LEVEL.",
    ]
    return "\n".join(lines)


def parse(arguments: list[str], environ: Mapping[str, str]) -> tuple[str | None, dict[str, Any]]:
    """The application's name and the values of the options: arguments before environment before defaults."""
    known = {option.name: option for option in OPTIONS}
    values = {}
    for option in OPTIONS:
        text = environ.get(option.variable)
        values[option.key] = option.default if text is None else option.read(text, option.variable)
    names: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, text = argument.partition("=")
        if argument == "--":
            names += rest
        elif not argument.startswith("-") or argument == "-":
            names.append(argument)
        elif name not in known:
            raise UsageError(f"unknown option `{name}`{_nearest(name, known)}")
        elif known[name].kind is bool and not equals:
            values[known[name].key] = True
        else:
            if not equals:
                text = next(rest, None)
            if text is None:
                raise UsageError(f"`{name}` needs a value")
            values[known[name].key] = known[name].read(text, f"`{name}`")
    if len(names) > 1:
        raise UsageError(f"one application is expected, not {len(names)}: `{'`, `'.join(names)}`")
    return (names[0] if names else environ.get("WSGI_HANDLER")), values


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"\nhint: Did you mean `{near[0]}`?" if near else ""
