"""The way to the native library, which builds of the gateway alone do not have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Callable, cast

from iiswsgi import _iiswsgi
from iiswsgi.errors import not_in_this_build


def is_here() -> bool:
    """Whether this build has it."""
    return hasattr(_iiswsgi, "call")


def function(name: str, what: str) -> Callable[..., Any]:
    """A function of it."""
    found = getattr(_iiswsgi, name, None)
    if found is None:
        raise not_in_this_build(what)
    return cast("Callable[..., Any]", found)


def call(arguments: Sequence[str | os.PathLike[str]], silent: bool = True) -> str:
    """Calls a command of ``iiswsgi`` in this process and gives its report as JSON.

    With ``silent`` false the progress goes to standard error, as with the command itself.
    """
    words = [os.fspath(argument) for argument in arguments]
    return cast("str", function("call", f"`iiswsgi {words[0]}`")(words, silent))
