"""What is in a Web Deploy package, and in the files that are for one.

The annotations are read at run time, so that they are those that Python 3.9 can evaluate.
"""

from dataclasses import dataclass, field
from typing import Optional

from iiswsgi.results.iis import WebConfig
from iiswsgi.results.pair import Pair


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
    tags: tuple[str, ...] = ()
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Translation:
    """A text of a parameter in another language."""

    #: Which text it is: ``description`` or ``friendlyName``.
    of: str
    culture: str
    text: str


@dataclass(frozen=True)
class Validation:
    """What a value must be like."""

    kinds: tuple[str, ...]
    validation_string: Optional[str] = None
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Parameter:
    """A parameter of a package."""

    name: str
    entries: tuple[ParameterEntry, ...]
    friendly_name: Optional[str] = None
    description: Optional[str] = None
    default_value: Optional[str] = None
    tags: tuple[str, ...] = ()
    translations: tuple[Translation, ...] = ()
    validation: Optional[Validation] = None
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Parameters:
    """``Parameters.xml``."""

    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class SetParameters:
    """``NAME.SetParameters.xml``."""

    values: tuple[Pair, ...]


@dataclass(frozen=True)
class SystemInfo:
    """``systemInfo.xml``: the machine that made a package."""

    attributes: tuple[Pair, ...]


@dataclass(frozen=True)
class Hooks:
    """Commands before and after a bootstrap's own steps."""

    pre_install: tuple[str, ...] = ()
    post_install: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bootstrap:
    """``iiswsgi.bootstrap.json``: what the server is to set up."""

    schema: int
    name: str
    venv: str
    stamp: str
    python: Optional[str] = None
    requirements: tuple[str, ...] = ()
    gateway: Optional[str] = None
    wheelhouse: Optional[str] = None
    web_config_template: Optional[str] = None
    environment: dict[str, str] = field(default_factory=dict)
    setup_commands: tuple[str, ...] = ()
    hooks: Hooks = Hooks()
    #: How long one step may take, in seconds.
    timeout: Optional[int] = None


@dataclass(frozen=True)
class Application:
    """The folder of an application in a package."""

    #: The path of its provider.
    path: str
    #: The folder in the zip.
    root: str
    #: How many files are in it, and their size in bytes, unpacked.
    files: int
    size: int


@dataclass(frozen=True)
class WebConfigFile:
    """A ``web.config`` in a package."""

    #: Its name in the zip.
    file: str
    config: WebConfig


@dataclass(frozen=True)
class Entry:
    """An entry of a zip. Its sizes are in bytes."""

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
    applications: tuple[Application, ...]
    web_configs: tuple[WebConfigFile, ...]
    #: The size of all files, unpacked, in bytes.
    unpacked: int
    entries: tuple[Entry, ...]
    parameters: Optional[Parameters] = None
    system_info: Optional[SystemInfo] = None
    bootstrap: Optional[Bootstrap] = None
