"""What the library gives back, as frozen objects. Their fields are those of the command's reports, with none left out.

``docs/report.schema.json`` describes a report; ``iiswsgi inspect --json`` shows what is in a file in the same words.
The annotations are read at run time, so that they are those that Python 3.9 can evaluate.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from iiswsgi.errors import Location
from iiswsgi.results.feed import (
    Dependency,
    DiscoveryHint,
    Feed,
    FeedEntry,
    InstallCommand,
    Installer,
    InstallerFile,
    Keyword,
    Language,
    Link,
    MsDeploy,
    NamedDependency,
    Person,
    Resources,
    Text,
)
from iiswsgi.results.iis import (
    ApplicationHost,
    FastCgiApplication,
    Handler,
    HttpPlatform,
    RegisteredApplication,
    Site,
    WebConfig,
)
from iiswsgi.results.package import (
    Application,
    Bootstrap,
    Entry,
    Hooks,
    Manifest,
    OptionsContent,
    PackageContent,
    Parameter,
    ParameterEntry,
    Parameters,
    Provider,
    SetParameters,
    SystemInfo,
    Translation,
    Validation,
    WebConfigFile,
)
from iiswsgi.results.pair import Pair
from iiswsgi.results.reading import build

__all__ = [
    "Application",
    "ApplicationHost",
    "Bootstrap",
    "Content",
    "Dependency",
    "DiscoveryHint",
    "Entry",
    "FastCgiApplication",
    "Feed",
    "FeedEntry",
    "Finding",
    "Handler",
    "Hooks",
    "HttpPlatform",
    "Inspection",
    "InstallCommand",
    "Installer",
    "InstallerFile",
    "Keyword",
    "Language",
    "Link",
    "Manifest",
    "Message",
    "MsDeploy",
    "NamedDependency",
    "OptionsContent",
    "Package",
    "PackageContent",
    "Pair",
    "Parameter",
    "ParameterEntry",
    "Parameters",
    "Person",
    "Provider",
    "RegisteredApplication",
    "Resources",
    "SetParameters",
    "Site",
    "Stage",
    "SystemInfo",
    "Text",
    "Translation",
    "Validation",
    "WebConfig",
    "WebConfigFile",
    "build",
    "inspection",
]


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


#: What is in a file, by its kind.
Content = Union[
    PackageContent,
    Manifest,
    Parameters,
    SetParameters,
    SystemInfo,
    WebConfig,
    ApplicationHost,
    Feed,
    OptionsContent,
    Bootstrap,
]


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
    findings: tuple[Finding, ...] = ()


#: The type of each kind's content.
CONTENTS: dict[str, type[Any]] = {
    "package": PackageContent,
    "manifest": Manifest,
    "archive-manifest": Manifest,
    "parameters": Parameters,
    "set-parameters": SetParameters,
    "system-info": SystemInfo,
    "web-config": WebConfig,
    "application-host": ApplicationHost,
    "feed": Feed,
    "provider-options": OptionsContent,
    "bootstrap": Bootstrap,
}


def inspection(data: dict[str, Any]) -> Inspection:
    """An inspection of its JSON."""
    content = build(CONTENTS[data["kind"]], data["content"])
    if isinstance(content, Feed):
        content = dataclasses.replace(content, path=Path(data["path"]))
    return Inspection(
        Path(data["path"]),
        data["kind"],
        data["size"],
        data["sha1"],
        data["sha256"],
        content,
        tuple(build(Finding, found) for found in data["findings"]),
    )
