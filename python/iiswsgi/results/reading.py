"""Objects of JSON, by the annotations of their types. What the JSON is, is said by the library in Rust."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_KNOWN: dict[type[Any], dict[str, Any]] = {}


def build(kind: type[T], data: Any) -> T:
    """An object of a type of this package from JSON. A field may be absent there when it has a default."""
    own = getattr(kind, "of_json", None)
    if own is not None:
        return typing.cast("T", own(data))
    values = {}
    for name, hint in _hints(kind).items():
        for key in (name, name.replace("_", "-"), _camel(name)):
            if key in data:
                values[name] = _value(hint, data[key])
    return kind(**values)


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _KNOWN:
        _KNOWN[kind] = typing.get_type_hints(kind)
    return _KNOWN[kind]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def _value(hint: Any, data: Any) -> Any:
    if data is None:
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        items = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else arguments
        return tuple(_value(item, value) for item, value in zip(items, data))
    if origin is dict:
        return dict(data)
    if origin is not None:
        # Of the unions there are only those with None.
        return _value(next(argument for argument in arguments if argument is not type(None)), data)
    if hint is Path:
        return Path(data)
    return build(hint, data) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else data
