"""Looks after running requests and the application's files, in threads of their own."""

from __future__ import annotations

import os
import re
import sys
import threading
import time

# Seconds between two looks at the files.
INTERVAL = 1.0
# Folders that hold no files of the application.
SKIPPED = {"__pycache__", ".git", "node_modules", ".venv", "venv"}


class RequestTimeout(Exception):
    """Raised in a request that takes longer than ``--request-timeout``."""


def start(target, *arguments) -> None:
    threading.Thread(target=target, args=arguments, name=f"iiswsgi-{target.__name__}", daemon=True).start()


def watch_files(pattern: str | None, folder: str, log, stop) -> None:
    """Calls ``stop`` when a module that is loaded changes, or a file below ``folder`` whose path matches ``pattern``."""
    expression = re.compile(pattern) if pattern else None
    modules = _times(_modules())
    files = _times(_matching(expression, folder))
    while True:
        time.sleep(INTERVAL)
        # A module that is imported later counts from its first sight; a new file is a change.
        found = _times(_modules())
        changed = [path for path, time in found.items() if modules.get(path, time) != time]
        modules = found
        found = _times(_matching(expression, folder))
        changed += [path for path in files.keys() | found.keys() if files.get(path) != found.get(path)]
        if changed:
            log.write("info", f"`{changed[0]}` has changed")
            stop()
            return


def _times(paths) -> dict[str, float]:
    times = {}
    for path in paths:
        try:
            times[path] = os.stat(path).st_mtime
        except OSError:
            times[path] = 0.0
    return times


def _modules():
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not path.startswith(sys.base_prefix):
            yield path


def _matching(expression, folder: str):
    if expression is None:
        return
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            path = os.path.join(parent, name)
            if expression.match(path):
                yield path


def watch_requests(server, timeout: float, log, can_exit: bool) -> None:
    """Interrupts requests that take too long. One that cannot be interrupted ends the process where another follows it."""
    interrupted: dict[int, float] = {}
    while True:
        time.sleep(min(timeout / 4, 0.5))
        overdue = dict(server.overdue(timeout))
        for thread in set(interrupted) - set(overdue):
            del interrupted[thread]
        for thread, seconds in overdue.items():
            if thread not in interrupted or interrupted[thread] > seconds:
                interrupted[thread] = seconds
                log.write("error", f"a request runs for {seconds:.1f} s, it is interrupted at:\n{_stack(thread)}")
                _interrupt(thread)
            elif can_exit and seconds > 2 * timeout + 1:
                log.write("error", f"a request cannot be interrupted after {seconds:.1f} s: the process ends")
                os._exit(1)


def _stack(thread: int) -> str:
    import traceback

    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)) if frame else "?"


def _interrupt(thread: int) -> None:
    from ctypes import c_ulong, py_object, pythonapi

    pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(RequestTimeout))


def trace_to(log):
    """A trace function that logs each line."""

    def trace(frame, event, argument):
        if event == "line":
            log.write("debug", f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
        return trace

    return trace
