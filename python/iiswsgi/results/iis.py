"""What is in the configuration of IIS: a ``web.config``, and ``applicationHost.config``.

The annotations are read at run time, so that they are those that Python 3.9 can evaluate.
"""

from dataclasses import dataclass
from typing import Optional

from iiswsgi.results.pair import Pair


@dataclass(frozen=True)
class FastCgiApplication:
    """``<fastCgi><application>`` of a ``web.config``."""

    full_path: str
    arguments: str
    #: All other attributes, as written.
    attributes: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    #: The path of the ``<location>`` around it.
    location: Optional[str] = None
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class HttpPlatform:
    """``<httpPlatform>`` of a ``web.config``."""

    process_path: str
    arguments: str
    #: All other attributes, as written.
    attributes: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Handler:
    """``<handlers><add>``."""

    name: str
    path: str
    verb: str
    modules: str
    script_processor: Optional[str] = None
    #: All other attributes, as written.
    attributes: tuple[tuple[str, str], ...] = ()
    #: The path of the ``<location>`` around it.
    location: Optional[str] = None
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class WebConfig:
    """What a ``web.config`` says about the processes that serve."""

    applications: tuple[FastCgiApplication, ...]
    handlers: tuple[Handler, ...]
    http_platform: tuple[HttpPlatform, ...] = ()


@dataclass(frozen=True)
class RegisteredApplication:
    """``<fastCgi><application>`` of ``applicationHost.config``."""

    full_path: str
    arguments: str
    #: All other attributes.
    attributes: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Site:
    """A site of IIS."""

    name: str
    id: int
    #: The paths of its applications, and their folders.
    applications: tuple[Pair, ...]


@dataclass(frozen=True)
class ApplicationHost:
    """``applicationHost.config``."""

    sites: tuple[Site, ...]
    fast_cgi: tuple[RegisteredApplication, ...]
