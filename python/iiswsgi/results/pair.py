"""A name and its value."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A name and its value."""

    name: str
    value: str
