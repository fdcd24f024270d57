"""``setup.py build_msdeploy``: makes ``Manifest.xml`` and the stamp from their templates."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

from setuptools.command.build import build
from setuptools.errors import FileError

from iiswsgi.commands import LibraryCommand, Option


class build_msdeploy(LibraryCommand):
    """Makes the Web Deploy manifest and the stamp of the project from their templates."""

    description = "make the Web Deploy manifest of an IIS application"
    user_options: ClassVar[list[Option]] = [
        ("manifest-name=", "m", "the manifest (Manifest.xml); its template has the same name with .in"),
        ("stamp-filename=", "s", "the stamp (iis_install.stamp); its template has the same name with .in"),
        ("msdeploy-exe=", "e", "not needed any more: provider options are written without msdeploy.exe"),
    ]
    manifest_name: str | None
    stamp_filename: str | None
    msdeploy_exe: str | None

    def run(self) -> None:
        manifest = Path(self.manifest_name or "Manifest.xml")
        stamp = self.stamp_filename or "iis_install.stamp"
        self.no_effect("msdeploy-exe")
        os.environ["DIST_NAME"] = self.distribution.get_name()
        template = Path(f"{manifest}.in")
        if not template.exists():
            self.warn(f"No Web Deploy manifest template found at {template}")
            self.call("build", *self.metadata())
            return
        if template.name != "Manifest.xml.in" or template.parent != Path():
            raise FileError(f"the manifest template must be Manifest.xml.in in the project's folder, not {template}")
        self.call("build", *self.metadata())
        built = Path(".iiswsgi", "build").glob("*/Manifest.xml")
        newest = max(built, key=lambda path: path.stat().st_mtime)
        if Path(f"{stamp}.in").exists():
            shutil.copyfile(f"{stamp}.in", stamp)
        shutil.copyfile(newest, manifest)


def has_manifest(command: Any) -> bool:
    """Whether ``setup.py build`` has a manifest to make."""
    return os.path.exists("Manifest.xml.in")


# As with the original, `setup.py build` makes the manifest too, once this command is loaded.
if not any(name == "build_msdeploy" for name, _ in build.sub_commands):
    build.sub_commands = [*build.sub_commands, ("build_msdeploy", has_manifest)]
