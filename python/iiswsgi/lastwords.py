"""What is left to say when the gateway cannot even start under IIS, where nobody reads standard error.

Plain Python: it must work when the native half of the package is what failed. The places are those of the log
of a gateway that runs.
"""

from __future__ import annotations

import os
from datetime import datetime, timezone


def is_under_iis() -> bool:
    """Whether IIS or IIS Express has started this process."""
    return any(name in os.environ for name in ("APP_POOL_ID", "IIS_USER_HOME", "_FCGI_X_PIPE_"))


def places() -> list[str]:
    """The files that are tried, one after the other."""
    found = []
    home, site = os.environ.get("IIS_USER_HOME"), os.environ.get("IISEXPRESS_SITENAME")
    # A site's name that is a path would lead elsewhere.
    if home and site and site != ".." and not set(site) & set("/\\:"):
        found.append(os.path.join(home, "Logs", site, "iiswsgi.log"))
    if home:
        found.append(os.path.join(home, "Logs", "iiswsgi.log"))
    temporary = os.environ.get("TEMP") or os.environ.get("TMPDIR") or ("" if os.name == "nt" else "/tmp")
    if temporary:
        found.append(os.path.join(temporary, "iiswsgi.log"))
    return [*found, os.path.join(os.sep, "iiswsgi.log")]


def write(text: str) -> str | None:
    """Appends a line to the first of the files that can be written, and gives its name."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    line = f"{now}Z [{os.getpid()}] ERROR " + "\n    ".join(text.strip().splitlines()) + "\n"
    for path in places():
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(line)
            return path
        except OSError:
            continue
    return None
