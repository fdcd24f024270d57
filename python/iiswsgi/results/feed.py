"""What is in a feed of the Web Platform Installer.

The annotations are read at run time, so that they are those that Python 3.9 can evaluate.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional


@dataclass(frozen=True)
class Text:
    """A text of a feed."""

    text: str
    resource_name: Optional[str] = None


@dataclass(frozen=True)
class Link:
    """A link of a feed."""

    href: str
    rel: Optional[str] = None


@dataclass(frozen=True)
class Person:
    """An author."""

    name: str
    uri: Optional[str] = None


@dataclass(frozen=True)
class Resources:
    """Where the texts of a language are."""

    culture: str
    url: Optional[str] = None


@dataclass(frozen=True)
class Language:
    """A language that installers may have."""

    id: str
    name: Text
    default: bool


@dataclass(frozen=True)
class Keyword:
    """A keyword that entries may have."""

    id: str
    name: Text


def _alternative(data: dict[str, Any]) -> tuple[str, Any]:
    """Of an alternative, which is written as its name and what it holds."""
    ((kind, value),) = data.items()
    return kind, value


@dataclass(frozen=True)
class Dependency:
    """What a product needs."""

    #: ``product``, ``reference``, ``and`` or ``or``.
    kind: str
    #: The product, or the name of a dependency of the feed.
    id: Optional[str] = None
    #: What ``and`` and ``or`` join.
    of: "tuple[Dependency, ...]" = ()

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "Dependency":
        """Of the form that the command's JSON has."""
        kind, value = _alternative(data)
        return cls(kind, value) if isinstance(value, str) else cls(kind, None, tuple(map(cls.of_json, value)))


@dataclass(frozen=True)
class NamedDependency:
    """A dependency that entries refer to."""

    id: str
    dependency: Dependency


@dataclass(frozen=True)
class DiscoveryHint:
    """How WebPI sees that a product is installed."""

    #: ``file``, ``registry``, ``msi-product-code``, ``and`` or ``or``.
    kind: str
    #: The file, the key of the registry, or the product code.
    place: Optional[str] = None
    #: The version that a file has at least.
    minimum_version: Optional[str] = None
    #: The value of the registry, by its name.
    name: Optional[str] = None
    value: Optional[str] = None
    #: What ``and`` and ``or`` join.
    of: "tuple[DiscoveryHint, ...]" = ()

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "DiscoveryHint":
        """Of the form that the command's JSON has."""
        kind, value = _alternative(data)
        if isinstance(value, str):
            return cls(kind, value)
        if isinstance(value, list):
            return cls(kind, of=tuple(map(cls.of_json, value)))
        place = value.get("path", value.get("key"))
        return cls(kind, place, value.get("minimum_version"), value.get("name"), value.get("value"))


@dataclass(frozen=True)
class InstallCommand:
    """What an installer runs."""

    #: ``command-line``, ``msi``, ``msu`` or ``unzip``.
    kind: str
    #: The program, or the file that is installed or unpacked.
    file: str
    #: The arguments, the properties of an ``msi``, or the folder that is unpacked into.
    arguments: str
    ignore_exit_code: bool = False

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> "InstallCommand":
        """Of the form that the command's JSON has."""
        kind, value = _alternative(data)
        file = value.get("file", value.get("executable"))
        arguments = next(value[name] for name in ("arguments", "properties", "target") if name in value)
        return cls(kind, file, arguments, value.get("ignore_exit_code", False))


@dataclass(frozen=True)
class InstallerFile:
    """The file that an installer fetches. ``size`` is in kilobytes, as feeds have it."""

    url: str
    size: Optional[int] = None
    tracking_url: Optional[str] = None
    display_url: Optional[str] = None
    sha1: Optional[str] = None


@dataclass(frozen=True)
class MsDeploy:
    """What is said about a Web Deploy package."""

    start_page: Optional[str] = None


@dataclass(frozen=True)
class Installer:
    """An installer of a product."""

    id: str
    language: str
    os_list: Optional[str] = None
    architectures: tuple[str, ...] = ()
    eula_url: Optional[str] = None
    file: Optional[InstallerFile] = None
    commands: tuple[InstallCommand, ...] = ()
    iis_component: Optional[str] = None
    log_files: tuple[str, ...] = ()
    ms_deploy: Optional[MsDeploy] = None
    help_link: Optional[str] = None


@dataclass(frozen=True)
class FeedEntry:
    """A product of a feed. Times are RFC 3339."""

    kind: str
    product_id: str
    id: str
    title: Text
    version: str
    summary: Optional[Text] = None
    long_summary: Optional[Text] = None
    updated: Optional[str] = None
    published: Optional[str] = None
    link: Optional[str] = None
    author: Optional[Person] = None
    icon: Optional[str] = None
    screenshots: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    framework_family: Optional[Text] = None
    product_family: Optional[Text] = None
    discovery: Optional[DiscoveryHint] = None
    dependency: Optional[Dependency] = None
    related: tuple[str, ...] = ()
    incompatibilities: tuple[str, ...] = ()
    installers: tuple[Installer, ...] = ()


@dataclass(frozen=True)
class Feed:
    """A WebPI feed."""

    id: str
    title: Text
    webpi_version: str
    #: An RFC 3339 time.
    updated: str
    entries: tuple[FeedEntry, ...]
    links: tuple[Link, ...] = ()
    author: Optional[Person] = None
    resources: tuple[Resources, ...] = ()
    languages: tuple[Language, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    dependencies: tuple[NamedDependency, ...] = ()
    #: The file; none when it was read from bytes.
    path: Optional[Path] = None
