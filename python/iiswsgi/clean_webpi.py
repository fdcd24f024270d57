"""``setup.py clean_webpi``: clears the Web Platform Installer's cache of the packages of projects."""

from __future__ import annotations

import os
from typing import ClassVar

from iiswsgi.commands import LibraryCommand, Option, folders


class clean_webpi(LibraryCommand):
    """Clears the cache, so that WebPI sees a new build of the same version."""

    description = "clear the Web Platform Installer's cache"
    user_options: ClassVar[list[Option]] = [
        ("msdeploy-bdists=", "m", "the folders of the projects, as words of a shell; those of bdist_webpi by default"),
        ("webpi-cache=", "c", "the cache (%LOCALAPPDATA%\\Microsoft\\Web Platform Installer)"),
    ]
    msdeploy_bdists: str | list[str] | None
    webpi_cache: str | None

    def run(self) -> None:
        configured = self.distribution.get_option_dict("bdist_webpi").get("msdeploy_bdists")
        given = self.msdeploy_bdists
        paths = folders(self, given if given is not None else configured[1] if configured else None) or ["."]
        cache = os.path.expandvars(self.webpi_cache) if self.webpi_cache else None
        self.call("clean", *([f"--webpi-cache={cache}"] if cache else []), "--allow-setup-py", *paths)
