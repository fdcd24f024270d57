"""The commands ``iiswsgi`` and ``python -m iiswsgi``: ``serve`` is the gateway of this package, ``setup`` runs commands
of setuptools, and everything else is the native command, in this process.

Nothing is imported that the gateway does not need.
"""

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
    if arguments[:1] == ["setup"]:
        from iiswsgi.setup_commands import main as setup

        return setup(arguments[1:])
    if arguments[:1] != ["serve"]:
        return _native(arguments)
    if "-h" in arguments or "--help" in arguments:
        print(options.help_text())
        return 0
    try:
        return _serve(arguments[1:])
    except UsageError as error:
        return _failed(f"error: {error}", 2)
    except (OSError, ValueError) as error:
        text = str(error)
        return _failed(text if text.startswith("error: ") else f"error: {text}", 2)


def run() -> int:
    """The console script ``iiswsgi``."""
    return main(sys.argv[1:])


def run_install() -> int:
    """The console script ``iiswsgi_install``: the bootstrap with the options of the 2012 iiswsgi."""
    arguments = sys.argv[1:]
    # `-v` once is what the original needed not to fail; twice is more than a line for each step.
    verbose = sum(word.count("v") for word in arguments if word.startswith("-v") and set(word[1:]) == {"v"})
    return _native([*(["-v"] if verbose > 1 else []), "iiswsgi_install", "--", *arguments])


def run_install_fcgi_app() -> int:
    """The console script ``iiswsgi_install_fcgi_app``."""
    from iiswsgi.fcgi import main as install

    return install(sys.argv[1:])


def _native(arguments: list[str]) -> int:
    """The native command. A build of the gateway alone tells what to do."""
    from iiswsgi import _iiswsgi

    if hasattr(_iiswsgi, "command"):
        # Lines of Python and of the command in their order.
        sys.stdout.flush()
        return int(_iiswsgi.command(arguments))
    if not arguments or "-h" in arguments or "--help" in arguments:
        print(options.help_text())
        return 0 if arguments else 2
    from iiswsgi.errors import not_in_this_build

    print(not_in_this_build(f"`iiswsgi {arguments[0]}`"), file=sys.stderr)
    return 2


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
