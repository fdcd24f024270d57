"""``setup.py test_msdeploy``: serves the application with the gateway and requests a page over FastCGI."""

from __future__ import annotations

import os
import sys
from typing import ClassVar

from setuptools.errors import OptionError

from iiswsgi.commands import LibraryCommand, Option

DEFAULT = "development.ini"


class test_msdeploy(LibraryCommand):
    """Tests the application as IIS would run it: in a process of its own, spoken to over FastCGI."""

    description = "request a page of an IIS application through FastCGI"
    user_options: ClassVar[list[Option]] = [
        ("config-file=", "c", f"the Paste configuration of the application ({DEFAULT})"),
        ("url=", "u", "the path to request (/)"),
        ("app=", "a", "the application as `iiswsgi serve` takes it, instead of a Paste configuration"),
        ("paster=", "p", "not needed any more: the application is not tested through paster"),
    ]
    config_file: str | None
    url: str | None
    app: str | None
    paster: str | None

    def run(self) -> None:
        self.no_effect("paster")
        if self.config_file is not None and not os.path.isfile(self.config_file):
            raise OptionError(f"--config-file: `{self.config_file}` does not exist")
        file = self.config_file or (DEFAULT if os.path.isfile(DEFAULT) else None)
        app = self.app or (f"paste:{file}" if file else None)
        words = ["--in-place", f"--python={sys.executable}", f"--url={self.url or '/'}", *self.metadata()]
        self.call("test", *words, *([f"--app={app}"] if app else []))
