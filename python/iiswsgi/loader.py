"""Finds the WSGI application that a text names, and keeps a server alive whose application cannot be loaded."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from types import ModuleType, TracebackType

from iiswsgi.files import times

# A gateway starts without typing, whose import takes longer than that of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from iiswsgi._iiswsgi import Log

    # What a WSGI application is (PEP 3333).
    Environ = dict[str, Any]
    Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Seconds between two attempts to load an application that failed, unless a file has changed.
PAUSE = 5.0
# What is looked for in a file or module that is given without a name.
USUAL_NAMES = ("application", "app")


class LoadError(Exception):
    """The application cannot be loaded. The reason is the cause."""


def load(spec: str) -> Application:
    """The application that a text names.

    ``module:callable``, ``module:factory()``, ``package.module.attribute``, ``path/file.py[:callable]`` or
    ``paste:FILE.ini[#name]``. ``()`` after a name stands for what that returns.
    """
    if spec.startswith("paste:"):
        return _paste(spec[len("paste:") :])
    path, name = _split_path(spec)
    if path is not None:
        return _find(_module_from_file(path), name, spec)
    if ":" in spec:
        module, name = spec.split(":", 1)
        return _find(importlib.import_module(module), name, spec)
    return _dotted(spec)


def _split_path(spec: str) -> tuple[str | None, str]:
    """A file's path and the name within it; None for what is no path."""
    head, separator, name = spec.rpartition(":")
    # `C:\app.py` has a colon that separates no name.
    if separator and _is_path(head):
        return head, name
    return (spec, "") if _is_path(spec) else (None, "")


def _is_path(text: str) -> bool:
    """Whether a text means a file: `site.wsgi` is a module as well, and the usual one, unless there is such a file."""
    if not text.lower().endswith((".py", ".wsgi")):
        return False
    return os.sep in text or "/" in text or os.path.isfile(text) or text.lower().endswith(".py")


def _module_from_file(path: str) -> ModuleType:
    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    path = os.path.abspath(path)
    folder, filename = os.path.split(path)
    name = os.path.splitext(filename)[0]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if path.endswith(".py") and name.isidentifier() and name not in sys.modules:
        module = importlib.import_module(name)
        if os.path.abspath(getattr(module, "__file__", None) or "") == path:
            return module
    # A name that is no module's, or a module of that name from elsewhere.
    loader = SourceFileLoader(name, path)
    spec = spec_from_loader(name, loader)
    if spec is None:
        raise LoadError(f"`{path}` cannot be loaded as a module")
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def _find(found: Any, name: str, spec: str) -> Application:
    """The application below a module. ``()`` after a part of the name stands for what that returns."""
    for part in name.split(".") if name else ():
        attribute = part[:-2] if part.endswith("()") else part
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise LoadError(f"`{spec}`: there is no `{attribute}` in `{getattr(found, '__name__', found)}`") from None
        if part.endswith("()"):
            found = found()
    if isinstance(found, ModuleType):
        return _usual(found, spec)
    if not callable(found):
        raise LoadError(f"`{spec}` is {type(found).__name__}, which cannot be called as a WSGI application")
    application: Application = found
    return application


def _usual(module: ModuleType, spec: str) -> Application:
    for name in USUAL_NAMES:
        application: Application | None = getattr(module, name, None)
        if callable(application):
            return application
    raise LoadError(f"`{spec}` has no callable `{'` or `'.join(USUAL_NAMES)}`; write `{spec}:NAME`")


def _dotted(spec: str) -> Application:
    """``package.module.attribute``, as wfastcgi has it: the longest part that is a module, then attributes.

    The last name is an attribute if there is one of that name, else it may be a module as well.
    """
    parts = spec.split(".")
    called = next((index for index, part in enumerate(parts) if part.endswith("()")), len(parts))
    for end in range(min(len(parts) - 1, called) or 1, 0, -1):
        module = ".".join(parts[:end])
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            # A module that is there but lacks another one is a failure of the application.
            if end == 1 or error.name is None or not (module == error.name or module.startswith(error.name + ".")):
                raise
            continue
        if end == len(parts) - 1 and called == len(parts) and not hasattr(found, parts[-1]):
            try:
                return _find(importlib.import_module(spec), "", spec)
            except ModuleNotFoundError as error:
                if error.name != spec:
                    raise
        return _find(found, ".".join(parts[end:]), spec)
    raise LoadError(f"`{spec}` names no module")


def _paste(spec: str) -> Application:
    from paste.deploy import loadapp  # type: ignore[import-untyped, unused-ignore]

    path, _, name = spec.partition("#")
    _configure_logging(path)
    application: Application = loadapp(f"config:{os.path.abspath(path)}", name=name or None)
    return application


def _configure_logging(path: str) -> None:
    """The logging sections of a Paste file, if it has some."""
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read(path)
    except Error:
        return
    if parser.has_section("loggers"):
        from logging.config import fileConfig

        path = os.path.abspath(path)
        fileConfig(path, {"__file__": path, "here": os.path.dirname(path)}, disable_existing_loggers=False)


class Loading:
    """An application that is loaded when it can be.

    Until then it raises the reason for each request; the server answers 500 and logs. It tries again when one of the
    files that took part has changed, or after a pause.

    Without a name it is found with the first request: ``find`` gives the name for its environ.
    """

    def __init__(self, spec: str | None, log: Log, find: Callable[[Environ], str] | None = None) -> None:
        self.spec = spec
        self.log = log
        self.find = find
        self.lock = threading.Lock()
        self.app: Application | None = None
        self.error: BaseException | None = None
        self.tried = -PAUSE
        self.files: dict[str, float] = {}

    def attempt(self, environ: Environ | None = None) -> Application | None:
        """The application, or None."""
        known = set(sys.modules)
        self.tried = time.monotonic()
        try:
            if self.spec is None and self.find is not None and environ is not None:
                self.spec = self.find(environ)
            self.app = load(self.spec or "")
            self.error = None
        except (Exception, SystemExit) as error:
            self.error = error
            self.files = times(_files_of(error))
            error.__traceback__ = _without_our_frames(error.__traceback__)
            self.log.write("error", explanation(self.spec, error))
            # What was imported half is imported again, so that a mended file is read.
            for name in set(sys.modules) - known:
                sys.modules.pop(name, None)
        return self.app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        app = self.app
        if app is None:
            with self.lock:
                if self.app is None and self._is_due():
                    importlib.invalidate_caches()
                    self.attempt(environ)
                app = self.app
        if app is None:
            raise LoadError(f"cannot load {_named(self.spec)}") from self.error
        return app(environ, start_response)

    def _is_due(self) -> bool:
        return time.monotonic() - self.tried >= PAUSE or times(self.files) != self.files


def _named(spec: str | None) -> str:
    return f"the application `{spec}`" if spec else "an application: it has no name yet"


def _files_of(error: BaseException) -> set[str]:
    """The files that a failure went through, and the one with a syntax error."""
    files = set()
    next_error: BaseException | None = error
    while next_error is not None:
        trace = next_error.__traceback__
        while trace is not None:
            files.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        if isinstance(next_error, SyntaxError) and next_error.filename:
            files.add(next_error.filename)
        next_error = next_error.__cause__ or next_error.__context__
    return {path for path in files if os.path.isabs(path)}


def _without_our_frames(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame on that is neither this package's nor the import system's."""
    ours = (os.path.dirname(__file__) + os.sep, os.path.dirname(importlib.__file__) + os.sep, "<frozen importlib")
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    return trace


def explanation(spec: str | None, error: BaseException) -> str:
    """Why an application cannot be loaded, with what of the machine decides about it."""
    import traceback

    lines = [f"cannot load {_named(spec)}"]
    lines += "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()
    lines.append(f"interpreter: {sys.executable} ({sys.version.split()[0]})")
    lines.append(f"user: {_user()}")
    lines.append(f"working directory: {_working_directory()}")
    lines += [f"sys.path: {path}{_fault(path)}" for path in sys.path]
    return "\n".join(lines)


def _fault(path: str) -> str:
    """What is wrong with a folder of ``sys.path``, if anything."""
    folder = path or "."
    if not os.path.exists(folder):
        return " (does not exist)"
    if not os.access(folder, os.R_OK):
        return f" (not readable for {_user()})"
    return ""


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        return f"unknown ({error.strerror})"


def _user() -> str:
    import getpass

    try:
        return f"`{getpass.getuser()}`"
    except Exception:
        return "unknown"
