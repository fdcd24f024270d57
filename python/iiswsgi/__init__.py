"""Ships Python web applications to Microsoft IIS, and serves them there.

``python -m iiswsgi serve APP`` is the FastCGI gateway, ``iiswsgi run`` the tool that packages, tests and publishes. For
programs there are :func:`serve`, :func:`package`, :func:`feed` and :func:`inspect`. What is not used is not imported.
"""

from __future__ import annotations

# As in typing, which takes longer to import than all of this package, and which a type checker alone needs.
TYPE_CHECKING = False

try:
    from iiswsgi._iiswsgi import version as _version
except ImportError:
    # A wheel for another system or Python. IIS shows nobody what is printed.
    from traceback import format_exc

    from iiswsgi import lastwords

    if lastwords.is_under_iis():
        lastwords.write(f"the package iiswsgi cannot be loaded\n{format_exc()}")
    raise

if TYPE_CHECKING:
    from typing import Any

    from iiswsgi.api import ProviderOptions, expand, feed, inspect, package
    from iiswsgi.errors import Error
    from iiswsgi.serving import serve

__all__ = ["Error", "ProviderOptions", "__version__", "expand", "feed", "inspect", "package", "serve"]

__version__ = _version()

_PLACES = {
    "Error": "errors",
    "ProviderOptions": "api",
    "expand": "api",
    "feed": "api",
    "inspect": "api",
    "package": "api",
    "serve": "serving",
}


def __getattr__(name: str) -> Any:
    """Imports what is asked for the first time (PEP 562)."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"iiswsgi.{place}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
