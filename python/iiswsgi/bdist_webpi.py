"""``setup.py bdist_webpi``: the Web Platform Installer's feed of packages."""

from __future__ import annotations

import json
import os
from typing import ClassVar

from setuptools.errors import OptionError

from iiswsgi.commands import DIST_DIR, EGG_NAMES, LibraryCommand, Option, egg_file_name, folders


class bdist_webpi(LibraryCommand):
    """Writes the feed of the packages of one or more projects."""

    description = "create a Web Platform Installer feed of Web Deploy packages"
    user_options: ClassVar[list[Option]] = [
        ("msdeploy-bdists=", "m", "the folders of the projects, as words of a shell"),
        ("msdeploy-url-template=", "u", "the addresses of the packages, as https://host/{version}/{msdeploy_file}"),
        ("template=", "t", "no effect: the feed is not made from a template of TAL any more"),
        DIST_DIR,
        EGG_NAMES,
    ]
    boolean_options: ClassVar[list[str]] = ["egg-names"]
    msdeploy_bdists: str | list[str] | None
    msdeploy_url_template: str | None
    template: str | None
    dist_dir: str | None
    egg_names: bool | None

    def run(self) -> None:
        self.no_effect("template")
        paths = folders(self, self.msdeploy_bdists)
        if not paths:
            raise OptionError("The msdeploy_bdists option is required")
        here = len(paths) == 1 and os.path.realpath(paths[0]) == os.path.realpath(".")
        # Several packages share the folder here. They are made anew for it: the same sources give the same bytes.
        words = ["feed"] if len(paths) == 1 else ["run", "--only=build,package,feed"]
        words += self.metadata() if here else []
        words += [f"--dist-dir={self.dist_dir}"] if self.dist_dir else []
        words += [egg_file_name()] if self.egg_names else []
        template = self.msdeploy_url_template
        words += [f"--setting=feed.url-template={template}"] if template else []
        report = json.loads(self.call(*words, "--allow-setup-py", *paths))
        if "feed" in report:
            self.distribution.dist_files.append(("webpi", "", report["feed"]["path"]))
