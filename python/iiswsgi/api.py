"""The library for programs: packages and feeds are made, and files read, in this process.

Long calls let Python's other threads run, and Ctrl-C ends them in good order: nothing half-written stays. A failure is
an exception of :mod:`iiswsgi.errors`. Results are the frozen objects of :mod:`iiswsgi.results`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from iiswsgi import library

if TYPE_CHECKING:
    from iiswsgi.results import Feed, Inspection, Package

AnyPath = Union[str, "os.PathLike[str]"]


def package(
    project: AnyPath = ".",
    *,
    app: str | None = None,
    name: str | None = None,
    version: str | None = None,
    python: AnyPath | None = None,
    dist_dir: AnyPath | None = None,
    settings: Mapping[str, str] | None = None,
    define: Mapping[str, str] | None = None,
    allow_setup_py: bool = False,
) -> Package:
    """Builds and writes the Web Deploy package of a project, as ``iiswsgi package`` does.

    ``settings`` are those of the configuration file by their keys, as ``{"package.format": "archive"}``, and ``define``
    are variables for templates.
    """
    options = _options(app, name, version, python, dist_dir, settings, define, allow_setup_py)
    report = json.loads(library.call(["package", *options, "--", project]))
    from iiswsgi import results

    made = report["packages"][0]
    archive = made["package"]
    return results.Package(
        made["name"],
        made["version"],
        Path(made["path"]),
        Path(archive["path"]),
        archive["size"],
        archive["sha1"],
        archive["sha256"],
        tuple(results.build(results.Stage, stage) for stage in made["stages"]),
    )


def feed(
    projects: AnyPath | Iterable[AnyPath] = ".",
    *,
    url_template: str | None = None,
    merge_into: AnyPath | None = None,
    dist_dir: AnyPath | None = None,
    settings: Mapping[str, str] | None = None,
    allow_setup_py: bool = False,
) -> Feed:
    """Writes the WebPI feed of packages that were made before, as ``iiswsgi feed`` does."""
    options = _options(None, None, None, None, dist_dir, settings, None, allow_setup_py)
    options += ["--url-template", url_template] if url_template is not None else []
    options += ["--merge-into", merge_into] if merge_into is not None else []
    folders = [projects] if isinstance(projects, (str, os.PathLike)) else list(projects)
    report = json.loads(library.call(["feed", *options, "--", *folders]))
    from iiswsgi.results import Feed

    content = inspect(report["feed"]["path"]).content
    assert isinstance(content, Feed)
    return content


def inspect(file: AnyPath | bytes, *, name: AnyPath = "bytes") -> Inspection:
    """Says what is in a file, or in bytes: a package, a manifest, parameters, a feed, a web.config, provider options.

    Nothing in it is run or believed. ``name`` stands for the path when there are only bytes.
    """
    if isinstance(file, bytes):
        text = library.function("inspect_bytes", "`inspect`")(os.fspath(name), file)
    else:
        text = library.function("inspect_file", "`inspect`")(os.fspath(file))
    from iiswsgi.results import inspection

    return inspection(json.loads(text))


@dataclass(frozen=True)
class ProviderOptions:
    """The options of a Web Deploy provider: what ``MSDeploy.MSDeployProviderOptions`` of a manifest holds.

    >>> options = ProviderOptions("runCommand", "net start w3svc", (("waitAttempts", "10"),))
    >>> ProviderOptions.decode(options.encode()) == options
    True
    """

    provider: str
    path: str
    settings: tuple[tuple[str, str], ...] = ()

    def encode(self) -> str:
        """The value of the attribute, as Web Deploy writes it: base64 of gzip of .NET's binary format."""
        encode = library.function("encode_provider_options", "`ProviderOptions`")
        return str(encode(self.provider, self.path, list(self.settings)))

    @classmethod
    def decode(cls, value: str) -> ProviderOptions:
        """Reads the value of the attribute."""
        decode = library.function("decode_provider_options", "`ProviderOptions`")
        provider, path, settings = decode(value)
        return cls(provider, path, tuple(settings))


@dataclass(frozen=True)
class Unresolved:
    """A variable in a template that nobody knows."""

    name: str
    line: int
    column: int


def expand(
    template: str, variables: Mapping[str, str], *, xml: bool = False
) -> tuple[str, tuple[Unresolved, ...]]:
    """Fills in ``%NAME%`` and ``${NAME}`` of a template, the same on every system. ``%%`` is a percent sign.

    With ``xml`` values are escaped. What nobody knows stays, and is told.

    >>> expand("%NAME% has 100%%", {"name": "shop"})
    ('shop has 100%', ())
    """
    call = library.function("expand", "`expand`")
    text, unresolved = call(template, list(variables.items()), xml)
    return text, tuple(Unresolved(*found) for found in unresolved)


def _options(
    app: str | None,
    name: str | None,
    version: str | None,
    python: AnyPath | None,
    dist_dir: AnyPath | None,
    settings: Mapping[str, str] | None,
    define: Mapping[str, str] | None,
    allow_setup_py: bool,
) -> list[Any]:
    given = {
        "--app": app,
        "--name": name,
        "--package-version": version,
        "--python": python,
        "--dist-dir": dist_dir,
    }
    options = [f"{option}={os.fspath(value)}" for option, value in given.items() if value is not None]
    options += [f"--setting={key}={value}" for key, value in (settings or {}).items()]
    options += [f"--define={key}={value}" for key, value in (define or {}).items()]
    return options + (["--allow-setup-py"] if allow_setup_py else [])
