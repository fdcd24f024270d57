"""The project's own steps of an installation, run by the bootstrap in the application's environment.

``python -m iiswsgi.installation FILE [COMMAND…]`` runs commands of the project's ``setup.py``, or without commands the
functions that distributions register in the entry point group ``iiswsgi.install``, and leaves the variables that they
have set in ``os.environ`` in a file, for ``web.config``. A function gets an :class:`Installation`::

    [project.entry-points."iiswsgi.install"]
    shop = "shop.deployment:install"

    def install(installation):
        make_the_database(installation.folder)
        installation.environ["SHOP_COLOUR"] = "green"    # %SHOP_COLOUR% of web.config.in
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUP = "iiswsgi.install"
_MARK = "IISWSGI_BOOTSTRAP"


@dataclass(frozen=True)
class Installation:
    """What a function of the group ``iiswsgi.install`` gets."""

    #: The application's folder.
    folder: Path
    #: The environment. What is set here is known in web.config.in and in later steps.
    environ: MutableMapping[str, str]


def is_bootstrap() -> bool:
    """Whether a bootstrap runs this, and does the rest of the installation itself."""
    return _MARK in os.environ


def main(arguments: Sequence[str]) -> int:
    """Runs the steps and gives the exit code."""
    file, *commands = arguments
    before = dict(os.environ)
    os.environ[_MARK] = "1"
    code = _commands(commands) if commands else _hooks()
    del os.environ[_MARK]
    changed = {name: value for name, value in os.environ.items() if before.get(name) != value}
    Path(file).write_text(json.dumps(changed), encoding="utf-8")
    return code


def _commands(commands: Sequence[str]) -> int:
    from iiswsgi.setup_commands import main as setup

    return setup(commands)


def _hooks() -> int:
    installation = Installation(Path(os.environ.get("APPL_PHYSICAL_PATH") or os.getcwd()), os.environ)
    for hook in sorted(_entry_points(), key=lambda hook: str(hook.name)):
        print(f"{hook.name}: {hook.value}")
        hook.load()(installation)
    return 0


def _entry_points() -> Any:
    from importlib import metadata

    if sys.version_info >= (3, 10):
        return metadata.entry_points(group=GROUP)
    return metadata.entry_points().get(GROUP, ())


if __name__ == "__main__":
    # Imported under its own name, so that a command asks the same module whether this is a bootstrap.
    from iiswsgi.installation import main as _main

    sys.exit(_main(sys.argv[1:]))
