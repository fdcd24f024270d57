"""What a program that uses the library looks like to a type checker. It is read by `mypy --strict`, and not run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import iiswsgi
from iiswsgi.installation import Installation
from iiswsgi.results import Content, Dependency, Feed, FeedEntry, Inspection, Manifest, Package, PackageContent

if TYPE_CHECKING:
    from typing_extensions import assert_type


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"typed"]


def serving() -> None:
    iiswsgi.serve(application, bind="unix:/run/shop", threads=4, request_timeout=5.0)


def packaging(folder: Path) -> None:
    made = iiswsgi.package(folder, name="shop", settings={"package.format": "archive"})
    assert_type(made, Package)
    assert_type(made.path, Path)
    assert_type([stage.seconds for stage in made.stages], list[float])
    written = iiswsgi.feed([folder, "other"], url_template="https://example.org/{file}")
    assert_type(written, Feed)
    assert_type(written.entries[0], FeedEntry)
    needed: Dependency | None = written.entries[0].dependency
    assert_type(needed, "Dependency | None")


def inspecting(data: bytes) -> None:
    found = iiswsgi.inspect(data, name="Manifest.xml")
    assert_type(found, Inspection)
    assert_type(found.content, Content)
    if isinstance(found.content, PackageContent):
        assert_type(found.content.manifest, Manifest)


def failing() -> int:
    try:
        iiswsgi.inspect("nothing")
    except iiswsgi.Error as error:
        assert_type(error.hint, "str | None")
        return error.exit_code
    return 0


def codecs() -> None:
    options = iiswsgi.ProviderOptions("runCommand", "net start w3svc", (("waitAttempts", "10"),))
    assert_type(options.encode(), str)
    text, unresolved = iiswsgi.expand("%NAME%", {"NAME": "shop"})
    assert_type(text, str)
    assert_type([place.line for place in unresolved], list[int])


def install(installation: Installation) -> None:
    assert_type(installation.folder, Path)
    installation.environ["SHOP_COLOUR"] = "green"
