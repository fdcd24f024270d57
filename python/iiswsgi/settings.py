"""The settings of wfastcgi, so that its users change one line of web.config and nothing else.

``appSettings`` of the web.config in the application's folder become environment variables. ``WSGI_HANDLER`` names the
application, ``WSGI_LOG`` the log, ``PYTHONPATH`` more folders to import from, ``WSGI_RESTART_FILE_REGEX`` the files that
are watched, and ``SCRIPT_NAME`` the path of the application.
"""

from __future__ import annotations

import os
import re
import sys

# A larger web.config is not read.
LARGEST = 4 << 20


def apply(environ) -> None:
    """Takes over the settings of wfastcgi into the environment and ``sys.path``."""
    folder = environ.get("APPL_PHYSICAL_PATH")
    if folder:
        for name, value in app_settings(os.path.join(folder, "web.config")):
            environ[name] = value
    if environ.get("WSGI_HANDLER") and environ.get("PYTHONPATH"):
        # The interpreter has read PYTHONPATH before the settings were known, and does not expand it.
        for position, path in enumerate(expand(environ["PYTHONPATH"], environ).split(os.pathsep)):
            if path and path not in sys.path:
                sys.path.insert(position, path)
    if folder and environ.get("WSGI_HANDLER") and folder not in sys.path:
        sys.path.insert(0, folder)
    if environ.get("WSGI_LOG") and not environ.get("IISWSGI_LOG_FILE"):
        environ["IISWSGI_LOG_FILE"] = expand(environ["WSGI_LOG"], environ)


def app_settings(path: str) -> list[tuple[str, str]]:
    """The names and values of ``<appSettings>``. A file that is not there or not well-formed has none."""
    try:
        if os.path.getsize(path) > LARGEST:
            return []
        with open(path, "rb") as stream:
            text = stream.read()
    except OSError:
        return []
    if b"<appSettings" not in text:
        return []
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        print(f"warning: `{path}` is not well-formed, its appSettings are ignored: {error}", file=sys.stderr)
        return []
    found = []
    for element in root.findall("appSettings/add"):
        name, value = element.get("key"), element.get("value")
        if name and value is not None and "\0" not in name + value and "=" not in name:
            found.append((name, value))
    return found


def expand(text: str, environ) -> str:
    """``%NAME%`` becomes the value of the variable. What is no variable stays."""
    return re.sub(r"%([^%=]+)%", lambda found: environ.get(found[1], found[0]), text)
