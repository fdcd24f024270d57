"""The command ``python -m iiswsgi``."""

from __future__ import annotations

import os
import sys

from iiswsgi import options, settings
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
        settings.apply(os.environ)
        app, values = options.parse(arguments[1:], os.environ)
        if app is None:
            raise UsageError("no application is given\nhint: Write `module:callable` as APP, or set WSGI_HANDLER.")
        if values.pop("check"):
            from iiswsgi.check import check

            return check(app, {key: value for key, value in values.items() if key not in ("processes", "reload")})
        processes = values.pop("processes")
        if processes != 1 or (values["reload"] and not is_supervised()):
            from iiswsgi.supervisor import supervise

            return supervise(arguments[1:], values, processes)
        serve(app, **values)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        text = str(error)
        print(text if text.startswith("error: ") else f"error: {text}", file=sys.stderr)
        return 2
    return 0
