"""``setup.py clean_msdeploy``: takes an installed application away again."""

from __future__ import annotations

from typing import ClassVar

from iiswsgi.commands import LibraryCommand, Option


class clean_msdeploy(LibraryCommand):
    """Removes the application that was installed from this project, with all that its installation made."""

    description = "uninstall an IIS application"
    user_options: ClassVar[list[Option]] = [
        ("application=", "a", "its site and path (Default Web Site/NAME)"),
    ]
    application: str | None

    def run(self) -> None:
        application = self.application or f"Default Web Site/{self.distribution.get_name()}"
        self.call("uninstall", application)
