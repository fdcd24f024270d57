"""The keywords that iiswsgi adds to ``setup()``: texts and lists for the feed.

They are entry points of the group ``distutils.setup_keywords``.
"""

from __future__ import annotations

from typing import Any

from setuptools.errors import SetupError


def check_string(distribution: Any, keyword: str, value: object) -> None:
    """The value must be a text."""
    if value is not None and not isinstance(value, str):
        raise SetupError(f"The {keyword} option must be a string: {value!r}")


def check_list(distribution: Any, keyword: str, value: object) -> None:
    """The value must be a list of texts."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise SetupError(f"The {keyword} option must be a list: {value!r}")
