"""What the library gives back, as frozen objects. Their fields are those of the command's reports.

``docs/report.schema.json`` describes a report; ``iiswsgi inspect --json`` shows what is in a file in the same words.
The types are read at run time, so that their annotations are those that Python 3.9 can evaluate.
"""

import dataclasses
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, TypeVar, Union

from iiswsgi.errors import Location

T = TypeVar("T")


@dataclass(frozen=True)
class Message:
    """One line for the user."""

    severity: str
    text: str
    location: Optional[Location] = None
    hint: Optional[str] = None


@dataclass(frozen=True)
class Stage:
    """How a stage of a package went."""

    name: str
    status: str
    simulated: bool
    seconds: float
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Package:
    """A package that was made: the zip, and how it came about."""

    name: str
    version: str
    #: The project's folder.
    project: Path
    #: The zip.
    path: Path
    #: Its size in bytes.
    size: int
    sha1: str
    sha256: str
    stages: tuple[Stage, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages of its stages."""
        return tuple(message for stage in self.stages for message in stage.messages)


@dataclass(frozen=True)
class Pair:
    """A name and its value."""

    name: str
    value: str


@dataclass(frozen=True)
class OptionsContent:
    """What is in ``MSDeploy.MSDeployProviderOptions``."""

    provider: str
    path: str
    settings: tuple[Pair, ...]


@dataclass(frozen=True)
class Provider:
    """A provider of a manifest."""

    provider: str
    path: str
    #: The settings that are in force.
    settings: tuple[Pair, ...]
    line: int
    column: int
    options: Optional[OptionsContent] = None


@dataclass(frozen=True)
class Manifest:
    """``Manifest.xml`` or ``archive.xml``."""

    root: str
    providers: tuple[Provider, ...]


@dataclass(frozen=True)
class ParameterEntry:
    """Where the value of a parameter goes."""

    kind: str
    scope: str
    match: str


@dataclass(frozen=True)
class Parameter:
    """A parameter of a package."""

    name: str
    entries: tuple[ParameterEntry, ...]
    friendly_name: Optional[str] = None
    description: Optional[str] = None
    default_value: Optional[str] = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameters:
    """``Parameters.xml``."""

    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class FastCgiApplication:
    """``<fastCgi><application>``."""

    full_path: str
    arguments: str
    attributes: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Handler:
    """``<handlers><add>``."""

    name: str
    path: str
    verb: str
    modules: str
    script_processor: Optional[str] = None


@dataclass(frozen=True)
class WebConfig:
    """What a ``web.config`` says about FastCGI."""

    applications: tuple[FastCgiApplication, ...]
    handlers: tuple[Handler, ...]


@dataclass(frozen=True)
class Entry:
    """An entry of a zip."""

    name: str
    folder: bool
    size: int
    packed: int


@dataclass(frozen=True)
class PackageContent:
    """What is in a package."""

    shape: str
    manifest_name: str
    manifest: Manifest
    #: The size of all files, unpacked, in bytes.
    unpacked: int
    entries: tuple[Entry, ...]
    parameters: Optional[Parameters] = None


@dataclass(frozen=True)
class Text:
    """A text of a feed."""

    text: str
    resource_name: Optional[str] = None


@dataclass(frozen=True)
class InstallerFile:
    """The file that an installer fetches. ``size`` is in kilobytes, as feeds have it."""

    url: str
    size: Optional[int] = None
    display_url: Optional[str] = None
    sha1: Optional[str] = None


@dataclass(frozen=True)
class Installer:
    """An installer of a product."""

    id: str
    language: str
    file: Optional[InstallerFile] = None
    eula_url: Optional[str] = None
    help_link: Optional[str] = None


@dataclass(frozen=True)
class FeedEntry:
    """A product of a feed."""

    kind: str
    product_id: str
    id: str
    title: Text
    version: str
    summary: Optional[Text] = None
    link: Optional[str] = None
    icon: Optional[str] = None
    screenshots: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    installers: tuple[Installer, ...] = ()


@dataclass(frozen=True)
class Feed:
    """A WebPI feed."""

    id: str
    title: Text
    webpi_version: str
    entries: tuple[FeedEntry, ...]
    #: The file; none when it was read from bytes.
    path: Optional[Path] = None


#: Kinds of files that have a type of their own here. The others are dicts, as ``iiswsgi inspect --json`` shows them.
Content = Union[PackageContent, Manifest, Parameters, WebConfig, Feed, OptionsContent, dict[str, Any]]


@dataclass(frozen=True)
class Finding:
    """Something doubtful in a file."""

    rule: str
    severity: str
    text: str
    line: int
    column: int
    #: The file in the package; none for the inspected file itself.
    file: Optional[str] = None


@dataclass(frozen=True)
class Inspection:
    """What is in a file."""

    path: Path
    #: As ``package``, ``manifest``, ``parameters``, ``web-config``, ``feed``, ``provider-options``.
    kind: str
    size: int
    sha1: str
    sha256: str
    content: Content
    findings: tuple[Finding, ...] = field(default=())


#: The type of each kind's content.
CONTENTS: dict[str, type[Any]] = {
    "package": PackageContent,
    "manifest": Manifest,
    "archive-manifest": Manifest,
    "parameters": Parameters,
    "web-config": WebConfig,
    "feed": Feed,
    "provider-options": OptionsContent,
}


def inspection(data: dict[str, Any]) -> Inspection:
    """An inspection of its JSON."""
    kind = data["kind"]
    content = data["content"]
    if kind in CONTENTS:
        content = build(CONTENTS[kind], content)
    if isinstance(content, Feed):
        content = dataclasses.replace(content, path=Path(data["path"]))
    return Inspection(
        Path(data["path"]),
        kind,
        data["size"],
        data["sha1"],
        data["sha256"],
        content,
        tuple(build(Finding, found) for found in data["findings"]),
    )


def build(kind: type[T], data: Any) -> T:
    """An object of a type of this module from JSON: what the type does not have is left out."""
    names = _hints(kind)
    values = {name: _value(hint, data[name]) for name, hint in names.items() if name in data}
    return kind(**values)


_KNOWN: dict[type[Any], dict[str, Any]] = {}


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _KNOWN:
        _KNOWN[kind] = typing.get_type_hints(kind)
    return _KNOWN[kind]


def _value(hint: Any, data: Any) -> Any:
    if data is None:
        return None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        items = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else arguments
        return tuple(_value(item, value) for item, value in zip(items, data))
    if origin is not None:
        # Of the unions there are only those with None.
        return _value(next(argument for argument in arguments if argument is not type(None)), data)
    if hint is Path:
        return Path(data)
    return build(hint, data) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else data
