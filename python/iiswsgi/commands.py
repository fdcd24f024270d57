"""What the commands for ``setup.py`` share: the way to the library, and the options that nearly all have.

The commands do what ``iiswsgi`` does, through the same library in this process. ``-q`` and ``-v`` are setuptools' own.
"""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
from typing import Any, ClassVar

from setuptools import Command
from setuptools.errors import ExecError, OptionError

from iiswsgi import library
from iiswsgi.errors import Error

#: An option as distutils has it: its name (`=` for one with a value), its letter, its help.
Option = tuple[str, "str | None", str]

DIST_DIR: Option = ("dist-dir=", "d", "where packages and feeds go (dist)")
EGG_NAMES: Option = ("egg-names", None, "name packages NAME-VERSION-pyX.Y-PLATFORM.msdeploy.zip, as in 2012")


class LibraryCommand(Command):
    """A command that the library does."""

    user_options: ClassVar[list[Option]] = []

    def initialize_options(self) -> None:
        """Every option begins unset."""
        for name, _, _ in self.user_options:
            setattr(self, attribute(name), None)

    def finalize_options(self) -> None:
        """Options are looked at when the command runs."""

    def metadata(self) -> list[str]:
        """Name and version as ``setup()`` knows them, which may be computed."""
        known = self.distribution.metadata
        words = []
        if known.name and known.name != "UNKNOWN":
            words.append(f"--name={known.name}")
        if known.version and str(known.version) != "0.0.0":
            words.append(f"--package-version={known.version}")
        return words

    def call(self, *words: str) -> str:
        """Calls the library and gives its report. Its failure becomes one of setuptools, which shows it."""
        verbose = int(getattr(self.distribution, "verbose", 1))
        flags = ["--quiet"] if verbose == 0 else ["-v"] if verbose > 1 else []
        if getattr(self, "dry_run", 0):
            print(f"would run iiswsgi {' '.join(map(shlex.quote, words))}")
            return "{}"
        sys.stdout.flush()
        try:
            return library.call([words[0], *flags, *words[1:]], silent=False)
        except Error as error:
            # setuptools writes the label itself.
            text = str(error)
            raise ExecError(text[len("error: ") :] if text.startswith("error: ") else text) from error

    def no_effect(self, *options: str) -> None:
        """Warns of options that have a value and no meaning any more."""
        for option in options:
            if getattr(self, attribute(option), None) is not None:
                self.warn(f"--{option} has no effect any more")


def attribute(option: str) -> str:
    """The attribute of an option."""
    return option.rstrip("=").replace("-", "_")


def egg_file_name() -> str:
    """The setting that names packages as the 2012 iiswsgi did, for this Python and platform."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"--setting=package.file-name={{egg_name}}-py{python}-{sysconfig.get_platform()}.msdeploy.zip"


def folders(command: Any, value: str | list[str] | None) -> list[str]:
    """The projects of ``--msdeploy-bdists``: split as a shell splits words, wherever it was given."""
    if value is None:
        return []
    found = shlex.split(value, posix=os.name != "nt") if isinstance(value, str) else list(value)
    for folder in found:
        if not os.path.isdir(folder):
            raise OptionError(f"--msdeploy-bdists: `{folder}` is not a folder")
    return found
