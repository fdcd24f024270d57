"""The native half of the package: sockets, protocol and the rules of WSGI."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, final

class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

@final
class FileWrapper:
    """``wsgi.file_wrapper``."""

    def __new__(cls, file: _Readable, block_size: int = 8192, /) -> FileWrapper: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...
    def close(self) -> None: ...

@final
class Log:
    """A log to the first of some files that can be written, else to standard error."""

    def __new__(
        cls,
        places: Sequence[str | os.PathLike[str]] = ...,
        level_name: str = "info",
        limit: int = 0,
        captures: bool = False,
    ) -> Log: ...
    @staticmethod
    def to_file(path: str | os.PathLike[str], level_name: str, limit: int, captures: bool) -> Log: ...
    def move_to(self, path: str | os.PathLike[str], captures: bool) -> None: ...
    def write(self, level_name: str, text: str) -> None: ...
    @property
    def path(self) -> Path | None: ...

@final
class Server:
    """A FastCGI server of one WSGI application. It listens from the moment it is made."""

    def __new__(
        cls,
        app: Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]],
        bind: str,
        *,
        environ: dict[str, Any],
        log: Log,
        on_signal: Callable[[int], bool],
        threads: int = 1,
        max_requests: int | None = None,
        graceful_timeout: float = 30.0,
        max_params: int = ...,
        connections: int = 4096,
        script_name: str | None = None,
        path_info_for_script_mappings: bool = False,
        debug: bool = False,
        access_log: bool = False,
        watches_time: bool = False,
    ) -> Server: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...
    def set_rules(
        self, environ: dict[str, Any], script_name: str | None, path_info_for_script_mappings: bool
    ) -> None: ...
    @property
    def address(self) -> str | None: ...
    @property
    def served(self) -> int: ...
    def overdue(self, seconds: float) -> list[tuple[int, float]]: ...
    @property
    def signal_descriptor(self) -> int: ...

@final
class Listener:
    """A listening socket that other processes serve on."""

    def __new__(cls, bind: str) -> Listener: ...
    def fileno(self) -> int: ...
    @property
    def address(self) -> str: ...

def inherited(descriptor: int) -> str: ...
def version() -> str: ...

def wait_for_shutdown_event(number: str) -> None: ...
