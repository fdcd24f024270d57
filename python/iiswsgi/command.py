"""The command ``python -m iiswsgi``."""

from __future__ import annotations

import os
import sys

from iiswsgi import lastwords, options, settings
from iiswsgi.lastwords import is_under_iis
from iiswsgi.serving import UsageError, is_supervised, serve


def main(arguments: list[str]) -> int:
    """Runs the command and gives its exit code: 0, 1 for a failure, 2 for wrong usage."""
    if arguments[:1] in (["-V"], ["--version"]):
        from iiswsgi import __version__

        print(f"iiswsgi {__version__}")
        return 0
    if arguments[:1] != ["serve"] or "-h" in arguments or "--help" in arguments:
        print(options.help_text())
        return 0 if {"-h", "--help"} & set(arguments) else 2
    try:
        return _serve(arguments[1:])
    except UsageError as error:
        return _failed(f"error: {error}", 2)
    except (OSError, ValueError) as error:
        text = str(error)
        return _failed(text if text.startswith("error: ") else f"error: {text}", 2)


def _failed(text: str, code: int) -> int:
    """Tells why nothing is served. Under IIS standard error leads nowhere."""
    print(text, file=sys.stderr)
    if is_under_iis():
        lastwords.write(text)
    return code


def _serve(arguments: list[str]) -> int:
    notes = settings.apply(os.environ)
    app, values = options.parse(arguments, os.environ)
    # IIS tells with a request where the application is, and a web.config there may name it.
    if app is None and not is_under_iis():
        raise UsageError("no application is given\nhint: Write `module:callable` as APP, or set WSGI_HANDLER.")
    if values.pop("check"):
        from iiswsgi.check import check

        if app is None:
            raise UsageError("no application is given\nhint: `--check` needs one to load.")
        return check(app, {key: value for key, value in values.items() if key not in ("processes", "reload")})
    processes = values.pop("processes")
    if processes != 1 or (values["reload"] and not is_supervised()):
        from iiswsgi.supervisor import supervise

        return supervise(arguments, values, processes)
    serve(app, notes=notes, **values)
    return 0
