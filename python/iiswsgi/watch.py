"""Looks after running requests and the application's files, in threads of their own."""

from __future__ import annotations

import faulthandler
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from iiswsgi.files import times

if TYPE_CHECKING:
    from iiswsgi._iiswsgi import Log, Server

# Seconds between two looks at the files.
INTERVAL = 1.0
# Folders that hold no files of the application.
SKIPPED = {"__pycache__", ".git", "node_modules", ".venv", "venv"}


class RequestTimeout(Exception):
    """Raised in a request that takes longer than ``--request-timeout``."""


def start(target: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=target, args=arguments, name=f"iiswsgi-{target.__name__}", daemon=True).start()


def watch_files(pattern: str | None, folder: str, log: Log, stop: Callable[[], None]) -> None:
    """Calls ``stop`` when a module that is loaded changes, or a file below ``folder`` whose path from there matches."""
    expression = re.compile(pattern) if pattern else None
    modules = times(_modules())
    files = times(_matching(expression, folder))
    pause = INTERVAL
    while True:
        time.sleep(pause)
        began = time.monotonic()
        # A module that is imported later counts from its first sight; a new file is a change.
        found = times(_modules())
        changed = [path for path, seen in found.items() if modules.get(path, seen) != seen]
        modules = found
        found = times(_matching(expression, folder))
        changed += [path for path in files.keys() | found.keys() if files.get(path) != found.get(path)]
        if changed:
            log.write("info", f"`{changed[0]}` has changed")
            stop()
            return
        # A large folder must not keep a processor busy.
        pause = max(INTERVAL, 20 * (time.monotonic() - began))


def _modules() -> Iterator[str]:
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not path.startswith(sys.base_prefix):
            yield path


def _matching(expression: re.Pattern[str] | None, folder: str) -> Iterator[str]:
    if expression is None:
        return
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            path = os.path.join(parent, name)
            # As wfastcgi, which knows of the path below the folder only.
            if expression.match(os.path.relpath(path, folder)):
                yield path


def watch_requests(server: Server, timeout: float, log: Log, can_exit: bool) -> None:
    """Interrupts requests that take too long. One that goes on all the same ends a process that another follows.

    A call of C code that keeps the interpreter's lock keeps this thread away as well. faulthandler's own thread, which
    needs no lock, is set up anew at each look: when the next look does not come, it writes where all threads are.
    """
    interrupted: dict[int, float] = {}
    told: set[int] = set()
    last = 2 * timeout + 1
    pause = min(timeout / 4, 0.5)
    stream = _stream_of_last_resort(log)
    while True:
        if stream is not None:
            faulthandler.dump_traceback_later(last + pause, exit=can_exit, file=stream)
        time.sleep(pause)
        overdue = dict(server.overdue(timeout))
        for thread in set(interrupted) - set(overdue):
            del interrupted[thread]
        told &= set(overdue)
        for thread, seconds in overdue.items():
            if thread not in interrupted or interrupted[thread] > seconds:
                interrupted[thread] = seconds
                log.write("error", f"a request runs for {seconds:.1f} s, it is interrupted at:\n{_stack(thread)}")
                _interrupt(thread)
            elif seconds > last and thread not in told:
                told.add(thread)
                end = "the process ends" if can_exit else "it goes on, for nobody would start the process again"
                log.write("error", f"a request cannot be interrupted after {seconds:.1f} s; {end}:\n{_stack(thread)}")
                if can_exit:
                    os._exit(1)


def _stream_of_last_resort(log: Log) -> TextIO | None:
    """Where faulthandler can write: it needs a descriptor."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError):
        # Under IIS on Windows, where the log is written without a descriptor.
        return open(f"{log.path}.stuck", "a", encoding="utf-8") if log.path is not None else None
    return sys.stderr


def _stack(thread: int) -> str:
    import traceback

    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)) if frame else "?"


def _interrupt(thread: int) -> None:
    from ctypes import c_ulong, py_object, pythonapi

    pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(RequestTimeout))


def trace_to(log: Log) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that logs each line."""

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            log.write("debug", f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        return trace

    return trace
