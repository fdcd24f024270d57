"""The times of files, by which a change is noticed."""

from __future__ import annotations

import os
from collections.abc import Iterable


def times(paths: Iterable[str]) -> dict[str, float]:
    """When each file was changed last, in seconds since the epoch; 0 for one that is not there."""
    found = {}
    for path in paths:
        try:
            found[path] = os.stat(path).st_mtime
        except OSError:
            found[path] = 0.0
    return found
