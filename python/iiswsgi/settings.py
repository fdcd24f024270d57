"""The settings of wfastcgi, so that its users change one line of web.config and nothing else.

``appSettings`` of the web.config in the application's folder become environment variables. ``WSGI_HANDLER`` names the
application, ``WSGI_LOG`` the log, ``PYTHONPATH`` more folders to import from, ``WSGI_RESTART_FILE_REGEX`` the files
that are watched, and ``SCRIPT_NAME`` the path of the application.

IIS tells the folder with each request (``APPL_PHYSICAL_PATH``) and not in the environment of the process, so that the
settings are mostly read when the first request comes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, MutableMapping

# A larger web.config is not read.
LARGEST = 4 << 20
# What wfastcgi watches when nothing else is said: a path below the application's folder that matches from its start.
WATCHED = r".*((\.py)|(\.config))$"
# Settings of wfastcgi that load packages which nobody maintains any more.
NOT_SUPPORTED = ("APPINSIGHTS_INSTRUMENTATIONKEY", "WSGI_PTVSD_SECRET")


class SettingsError(Exception):
    """The web.config cannot be read."""


def apply(environ: MutableMapping[str, str]) -> list[str]:
    """Takes over what is known at the start. Gives what the administrator should know."""
    # The interpreter has read PYTHONPATH already, but does not expand it.
    if "%" in environ.get("PYTHONPATH", ""):
        for position, path in enumerate(_folders(environ["PYTHONPATH"], environ)):
            sys.path.insert(position, path)
    folder = environ.get("APPL_PHYSICAL_PATH")
    notes: list[str] = []
    if folder:
        try:
            notes = take_over(folder, environ)
        except SettingsError as error:
            notes = [f"{error}: its appSettings are ignored"]
    if environ.get("WSGI_LOG") and not environ.get("IISWSGI_LOG_FILE"):
        environ["IISWSGI_LOG_FILE"] = expand(environ["WSGI_LOG"], environ)
    return notes


def take_over(folder: str, environ: MutableMapping[str, str]) -> list[str]:
    """Takes over the appSettings of a folder's web.config, as wfastcgi does at its first request.

    When they name an application, the folder becomes the working directory and the first place to import from.
    ``PYTHONPATH`` comes after all other places. Gives what the administrator should know.
    """
    found = dict(app_settings(folder))
    environ.update(found)
    for name, value in found.items():
        if name.lower() == "pythonpath":
            sys.path.extend(_folders(value, environ))
    if "WSGI_HANDLER" in found:
        os.chdir(folder)
        sys.path.insert(0, os.path.abspath(folder))
        environ.setdefault("WSGI_RESTART_FILE_REGEX", WATCHED)
    return [f"the setting `{name}` of wfastcgi has no effect here" for name in NOT_SUPPORTED if name in found]


def _folders(text: str, environ: MutableMapping[str, str]) -> Iterable[str]:
    folders = expand(text, environ).split(os.pathsep)
    return [folder for folder in folders if folder and folder not in sys.path]


def app_settings(folder: str) -> list[tuple[str, str]]:
    """The names and values of ``<appSettings>`` of the web.config in a folder; none when there is no such file.

    Raises ``SettingsError`` when it cannot be read or is not well-formed.
    """
    # The case of the name matters to some file systems; wfastcgi has written it with a capital.
    paths = (os.path.join(folder, name) for name in ("web.config", "Web.config"))
    path = next((path for path in paths if os.path.exists(path)), None)
    if path is None:
        return []
    try:
        if os.path.getsize(path) > LARGEST:
            raise SettingsError(f"`{path}` is larger than {LARGEST} bytes")
        with open(path, "rb") as stream:
            text = stream.read()
    except OSError as error:
        raise SettingsError(f"`{path}` cannot be read: {error.strerror}") from error
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise SettingsError(f"`{path}` is not well-formed: {error}") from error
    found = []
    # Old files have a namespace, and settings may stand within a `location`.
    for element in root.findall(".//{*}appSettings/{*}add"):
        name, value = (element.get("key") or "").strip(), element.get("value")
        if name and value is not None and "\0" not in name + value and "=" not in name:
            found.append((name, value))
    return found


def expand(text: str, environ: MutableMapping[str, str]) -> str:
    """``%NAME%`` becomes the value of the variable. What is no variable stays."""
    import re

    return re.sub(r"%([^%=]+)%", lambda found: environ.get(found[1], found[0]), text)
