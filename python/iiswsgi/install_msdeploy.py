"""``setup.py install_msdeploy``: sets an application up where it is. Made to be subclassed::

    from iiswsgi import install_msdeploy

    class install_shop(install_msdeploy.install_msdeploy):
        def run(self):
            os.environ["SHOP_COLOUR"] = "green"    # %SHOP_COLOUR% of web.config.in
            self.pre_install()                     # requirements, web.config
            make_the_database()
            self.post_install()                    # FastCGI application

Within a bootstrap, which makes the environment, writes web.config and registers the application itself, these two leave
that to it, and the variables reach it afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import ClassVar

from setuptools.errors import ExecError

from iiswsgi import installation, library
from iiswsgi.commands import LibraryCommand, Option
from iiswsgi.errors import MissingToolError


class install_msdeploy(LibraryCommand):
    """Installs the project in place, writes web.config and registers its FastCGI applications."""

    description = "set up an IIS application in its folder"
    user_options: ClassVar[list[Option]] = [
        ("skip-fcgi-app-install", "S", "do not register the FastCGI applications of web.config"),
        ("application-host=", None, "IIS's configuration file, instead of appcmd.exe"),
    ]
    boolean_options: ClassVar[list[str]] = ["skip-fcgi-app-install"]
    skip_fcgi_app_install: bool | None
    application_host: str | None

    def finalize_options(self) -> None:
        os.environ.setdefault("APPL_PHYSICAL_PATH", os.getcwd())
        # WebPI adds digits to the folder of a second installation: they tell instances apart.
        digits = re.search(r"(\d+)$", os.getcwd())
        self.count = int(digits[1]) if digits else 0

    def run(self) -> None:
        self.pre_install()
        self.post_install()

    def pre_install(self) -> None:
        """Installs the project and what it needs into this Python, and writes web.config from its template."""
        if not installation.is_bootstrap():
            self.install_project()
        if library.is_here() or not installation.is_bootstrap():
            self.write_web_config()

    def post_install(self) -> None:
        """Registers the FastCGI applications of web.config, unless that is to be skipped."""
        if not self.skip_fcgi_app_install and not installation.is_bootstrap():
            self.install_fcgi_app()

    def install_project(self) -> None:
        """``pip install --editable .``"""
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", "."]
        if getattr(self, "dry_run", 0):
            print("would run", " ".join(words))
            return
        try:
            subprocess.run(words, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise ExecError(f"the project cannot be installed: {error}") from error

    def write_web_config(self) -> None:
        """Writes web.config from web.config.in, with the variables of ``os.environ``."""
        self.call("configure", os.getcwd(), "--skip-registration", f"--python={sys.executable}")

    def install_fcgi_app(self) -> None:
        """Registers the FastCGI applications of web.config in the IIS of this machine, or in the simulated one here."""
        words = [f"--application-host={self.application_host}"] if self.application_host else []
        try:
            self.call("configure", os.getcwd(), "--registration-only", *words)
        except ExecError as error:
            if not isinstance(error.__cause__, MissingToolError):
                raise
            self.warn("there is no IIS here: the FastCGI applications of web.config are not registered")
