"""The failures of the library as exceptions. Each says what is wrong, why, and what to do.

``str(error)`` is the text that the command shows: ``error: …``, ``caused by: …``, ``hint: …``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Location:
    """A place in a file. Lines and columns count from 1; 0 stands for "not known"."""

    path: Path
    line: int = 0
    column: int = 0


class Error(Exception):
    """Something failed. The subclasses tell what kind of failure it is."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        causes: tuple[str, ...] = (),
        hint: str | None = None,
        location: Location | None = None,
        others: tuple[Error, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        #: The causes, from the outside in.
        self.causes = causes
        #: What to do.
        self.hint = hint
        #: The place in the user's files.
        self.location = location
        #: Further failures of the same call: of other packages.
        self.others = others

    def __str__(self) -> str:
        lines = [f"error: {_indented(self.message)}"]
        lines += [f"caused by: {_indented(cause)}" for cause in self.causes]
        if self.hint:
            lines.append(f"hint: {_indented(self.hint)}")
        return "\n".join([*lines, *map(str, self.others)])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.causes, self.hint, self.location, self.others)


class StageError(Error):
    """A stage failed: the application, its build or its test."""

    exit_code = 1


class InputError(Error):
    """The arguments, the configuration or an input file is wrong."""

    exit_code = 2


class MissingToolError(Error):
    """A tool that was required is not there."""

    exit_code = 3


class PublishingError(Error):
    """The network, or the service that was published to, failed."""

    exit_code = 4


class NotInThisBuild(Error, ImportError):
    """This build of the package is the gateway alone."""

    exit_code = 3


def not_in_this_build(what: str) -> NotInThisBuild:
    """The error of a build that holds the gateway alone."""
    return NotInThisBuild(
        f"{what} is not in this build of iiswsgi, which is the gateway alone",
        hint="Install a published wheel: python -m pip install --force-reinstall iiswsgi",
    )


def of_failures(text: str, code: int) -> Error:
    """The exception of failures, which come as JSON. The first is the exception, the others hang on it."""
    kinds = {kind.exit_code: kind for kind in (StageError, InputError, MissingToolError, PublishingError)}
    kind = kinds.get(code, StageError)
    first, *others = [_of_failure(kind, failure) for failure in json.loads(text)]
    first.others = tuple(others)
    return first


def _of_failure(kind: type[Error], failure: dict[str, Any]) -> Error:
    place = failure.get("location")
    location = Location(Path(place["path"]), place["line"], place["column"]) if place else None
    return kind(failure["error"], tuple(failure["caused_by"]), failure.get("hint"), location)


def _indented(text: str) -> str:
    return text.rstrip().replace("\n", "\n  ")
