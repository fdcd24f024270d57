"""``setup.py bdist_msdeploy``: the Web Deploy package of the project."""

from __future__ import annotations

import json
import sys
from typing import ClassVar

from iiswsgi.commands import DIST_DIR, EGG_NAMES, LibraryCommand, Option, egg_file_name


class bdist_msdeploy(LibraryCommand):
    """Makes the Web Deploy package. Nothing is installed on this machine, and no file is left beside the sources."""

    description = "create a Web Deploy package of an IIS application"
    user_options: ClassVar[list[Option]] = [
        DIST_DIR,
        EGG_NAMES,
        ("format=", None, "gallery (the default) or archive, as msdeploy.exe writes it"),
        # Those of sdist: the list of files is the library's, by MANIFEST.in or the configuration.
        ("template=", "t", "no effect: files are listed by MANIFEST.in or the configuration"),
        ("manifest=", "m", "no effect: no list of files is written"),
        ("use-defaults", None, "no effect"),
        ("no-defaults", None, "no effect"),
        ("prune", None, "no effect"),
        ("no-prune", None, "no effect"),
        ("manifest-only", "o", "no effect"),
        ("force-manifest", "f", "no effect"),
        ("keep-temp", "k", "no effect: there are no temporary files"),
        ("metadata-check", None, "no effect"),
        ("owner=", "u", "no effect: Web Deploy sets owners"),
        ("group=", "g", "no effect"),
    ]
    boolean_options: ClassVar[list[str]] = [name for name, _, _ in user_options if not name.endswith("=")]
    dist_dir: str | None
    egg_names: bool | None
    format: str | None

    def run(self) -> None:
        self.no_effect(*(name.rstrip("=") for name, _, text in self.user_options if text.startswith("no effect")))
        words = self.metadata()
        words += [f"--dist-dir={self.dist_dir}"] if self.dist_dir else []
        words += [egg_file_name()] if self.egg_names else []
        words += [f"--format={self.format}"] if self.format else []
        report = json.loads(self.call("package", *words))
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        for package in report.get("packages", ()):
            # `upload` and its like know no kind of their own for it.
            self.distribution.dist_files.append(("bdist_dumb", python, package["package"]["path"]))
