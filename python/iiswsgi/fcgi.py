"""``iiswsgi_install_fcgi_app``: registers the FastCGI applications of a web.config in IIS, with the options of the 2012
iiswsgi, whose own script could not start (it took the parsed options for a pair).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Runs the command and gives its exit code."""
    from iiswsgi.command import main as command

    return command(translated(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "iiswsgi_install_fcgi_app",
        description="Register the FastCGI applications of web.config here, or of APPL_PHYSICAL_PATH, in IIS.",
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    parser.add_argument("-f", "--full-path", help="the program that IIS starts")
    parser.add_argument("-a", "--arguments", help="its arguments")
    parser.add_argument("-c", "--command", help="program and arguments in one, split at the first blank")
    parser.add_argument("-m", "--monitor-changes", metavar="FILE", help="the file whose change restarts it")
    parser.add_argument("-n", "--max-instances", type=int, metavar="N", help="the most processes")
    for short, name, least in (("-t", "activity", 10), ("-i", "idle", 10), ("-r", "request", 10)):
        text = f"the {name} timeout in seconds, from {least}"
        parser.add_argument(short, f"--{name}-timeout", type=int, metavar="SECONDS", help=text)
    parser.add_argument("--application-host", metavar="FILE", help="IIS's configuration file, instead of appcmd.exe")
    return parser


def translated(values: argparse.Namespace) -> list[str]:
    """The same as arguments of ``iiswsgi configure``."""
    full_path, arguments = values.full_path, values.arguments
    if values.command and not full_path:
        full_path, _, rest = values.command.partition(" ")
        arguments = arguments or rest
    attributes = {
        "fullPath": full_path,
        "arguments": arguments,
        "monitorChangesTo": values.monitor_changes,
        "maxInstances": values.max_instances,
        "activityTimeout": values.activity_timeout,
        "idleTimeout": values.idle_timeout,
        "requestTimeout": values.request_timeout,
    }
    words = ["-v"] if values.verbose > 1 else []
    words += ["configure", "--registration-only"]
    words += [f"--attribute={name}={value}" for name, value in attributes.items() if value is not None]
    return words + ([f"--application-host={values.application_host}"] if values.application_host else [])
