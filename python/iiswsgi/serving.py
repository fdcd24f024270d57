"""Serves a WSGI application: log, signals, threads and the native server."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from iiswsgi import _iiswsgi, lastwords
from iiswsgi.lastwords import is_under_iis
from iiswsgi.loader import LoadError, Loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from iiswsgi.loader import Application, Environ

# A log file is rotated beyond so many bytes.
LOG_SIZE = 10 << 20


class UsageError(Exception):
    """The caller asked for something that cannot be."""


def serve(
    app: Application | str | None,
    bind: str | None = None,
    *,
    threads: int = 1,
    max_requests: int | None = None,
    graceful_timeout: float = 30.0,
    log_file: str | None = None,
    log_level: str = "info",
    log_size: int = LOG_SIZE,
    access_log: bool = False,
    debug: bool = False,
    script_name: str | None = None,
    max_params: int = 4 << 20,
    max_requests_jitter: int = 0,
    request_timeout: float | None = None,
    reload: bool = False,
    trace: bool = False,
    http: bool = False,
    trusted_proxies: str | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Serves an application over FastCGI, or with ``http`` over HTTP, until SIGTERM or SIGINT arrives.

    ``app`` is a WSGI application, or a text as the command takes it (``module:callable``). None means the one that
    ``WSGI_HANDLER`` names in the web.config of the folder that IIS tells with the first request. ``bind`` is
    ``unix:PATH``, ``tcp:HOST:PORT`` or ``fd:N``; without it descriptor 0 is looked at, as IIS starts a gateway, or
    for HTTP ``HTTP_PLATFORM_PORT``, by which HttpPlatformHandler tells the port.
    ``notes`` are logged as warnings. The other arguments are the options of ``python -m iiswsgi serve``.
    """
    log = open_log(log_file, "debug" if trace else log_level, log_size)
    if trace:
        from iiswsgi.watch import trace_to

        threading.settrace(trace_to(log))
        sys.settrace(trace_to(log))
    if max_requests and max_requests_jitter:
        import random

        max_requests += random.randint(0, max_requests_jitter)
    for note in notes:
        log.write("warning", note)
    begin = Beginning(log, log_file is None, script_name)
    if isinstance(app, str):
        loading = Loading(app, log)
        app = loading.attempt() or loading
    elif app is None:
        app = Loading(None, log, begin.find)
    environ = {
        "wsgi.version": (1, 0),
        "wsgi.multithread": threads > 1,
        # IIS starts as many processes as `maxInstances` allows.
        "wsgi.multiprocess": is_under_iis() or bool(os.environ.get("IISWSGI_MULTIPROCESS")),
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _iiswsgi.FileWrapper,
        "wsgi.input_terminated": True,
    }
    prefix, is_mapped = path_rules(script_name)
    stopping = Stopping(log, graceful_timeout)
    server = _iiswsgi.Server(
        app,
        bind or default_bind(http),
        environ=environ,
        log=log,
        on_signal=stopping.on_signal,
        threads=threads,
        max_requests=max_requests,
        graceful_timeout=graceful_timeout,
        max_params=max_params,
        script_name=prefix,
        path_info_for_script_mappings=is_mapped,
        debug=debug,
        access_log=access_log,
        watches_time=bool(request_timeout),
        http=http,
        trusted_proxies=proxies(trusted_proxies, bind),
        pairing=os.environ.get("ASPNETCORE_TOKEN") if http else None,
        # Processes that share one pipe take turns by it, as libfcgi has it. IIS gives each process a pipe of its own.
        accept_mutex=os.environ.pop("_FCGI_MUTEX_", None),
    )
    keep_output_away_from_sockets()
    restore = stopping.install(server)
    place = f"{server.address or 'the inherited connection'}{' by HTTP' if http else ''}"
    log.write("info", f"serving on {place} (Python {sys.version.split()[0]})")
    start_watching(server, log, request_timeout, reload)
    begin.server = server
    tell_supervisor(server)
    heed_shutdown_event(server, log)
    try:
        for number in range(1, threads):
            threading.Thread(target=server.run, name=f"iiswsgi-{number}", daemon=True).start()
        server.run()
    finally:
        restore()
    log.write("info", f"stopped after {server.served} requests")


def path_rules(script_name: str | None) -> tuple[str | None, bool]:
    """The path below which the application lives, and whether IIS sends ``PATH_INFO`` as CGI has it."""
    is_mapped = os.environ.get("AllowPathInfoForScriptMappings", "").lower() not in ("", "0", "false")
    # Microsoft's module for ASP.NET Core, which starts any program, tells the path of the application in this way.
    told = os.environ.get("SCRIPT_NAME") or os.environ.get("ASPNETCORE_APPL_PATH", "").rstrip("/")
    return script_name or told or None, is_mapped


class Beginning:
    """What wfastcgi does when the first request comes, which tells where the application is."""

    def __init__(self, log: _iiswsgi.Log, moves_log: bool, script_name: str | None) -> None:
        self.log = log
        self.moves_log = moves_log
        self.script_name = script_name
        self.server: _iiswsgi.Server | None = None

    def find(self, environ: Environ) -> str:
        """The name of the application, out of the settings of its folder, which are in force from now on."""
        from iiswsgi import settings

        folder = environ.get("APPL_PHYSICAL_PATH")
        if not folder:
            raise LoadError("neither an argument nor WSGI_HANDLER names it, and the request has no APPL_PHYSICAL_PATH")
        for note in settings.take_over(folder, os.environ):
            self.log.write("warning", note)
        path = settings.expand(os.environ.get("WSGI_LOG", ""), os.environ)
        if path and self.moves_log:
            try:
                self.log.move_to(path, True)
            except OSError as error:
                self.log.write("warning", str(error))
        spec = os.environ.get("WSGI_HANDLER")
        if not spec:
            raise LoadError(f"neither an argument nor WSGI_HANDLER names it, nor the appSettings of `{folder}`")
        self.log.write("info", f"`{folder}` names the application `{spec}`")
        if self.server is not None:
            self.server.set_rules(environ, *path_rules(self.script_name))
            start_watching(self.server, self.log, None, False)
        return spec


def start_watching(server: _iiswsgi.Server, log: _iiswsgi.Log, request_timeout: float | None, reload: bool) -> None:
    """Starts the threads that were asked for."""
    pattern = os.environ.get("WSGI_RESTART_FILE_REGEX")
    if not (request_timeout or reload or pattern):
        return
    from iiswsgi import watch

    if request_timeout:
        watch.start(watch.watch_requests, server, request_timeout, log, is_supervised() or is_under_iis())
    if reload or pattern:
        folder = os.environ.get("APPL_PHYSICAL_PATH") or os.getcwd()
        watch.start(watch.watch_files, pattern, folder, log, server.stop)


def is_supervised() -> bool:
    """Whether a supervisor of ours has started this process."""
    return "IISWSGI_ALIVE" in os.environ


def tell_supervisor(server: _iiswsgi.Server) -> None:
    """Says that this process serves, and stops when the supervisor is gone."""
    ready, alive = os.environ.pop("IISWSGI_READY", None), os.environ.get("IISWSGI_ALIVE")
    if ready:
        os.write(int(ready), b"1")
        os.close(int(ready))
    if alive:

        def wait_for_the_end() -> None:
            # Nothing is ever written: the read ends when the supervisor does.
            os.read(int(alive), 1)
            server.stop()

        threading.Thread(target=wait_for_the_end, name="iiswsgi-alive", daemon=True).start()


def heed_shutdown_event(server: _iiswsgi.Server, log: _iiswsgi.Log) -> None:
    """Stops when IIS asks for it, which it does by an event if ``signalBeforeTerminateSeconds`` is not 0."""
    number = os.environ.pop("_FCGI_SHUTDOWN_EVENT_", None)
    if not number:
        return

    def wait_for_the_event() -> None:
        try:
            _iiswsgi.wait_for_shutdown_event(number)
        except OSError as error:
            log.write("warning", f"the shutdown event {number} cannot be waited for: {error}")
        else:
            log.write("info", "stopping: IIS has set the shutdown event")
            server.stop()

    threading.Thread(target=wait_for_the_event, name="iiswsgi-shutdown", daemon=True).start()


def platform_port() -> str | None:
    """The port that HttpPlatformHandler, or Microsoft's module for ASP.NET Core, wants this process to listen on."""
    return os.environ.get("HTTP_PLATFORM_PORT") or os.environ.get("ASPNETCORE_PORT") or None


def proxies(trusted: str | None, bind: str | None) -> str:
    """Whose word about the client is believed: that of this machine, when a module of IIS has started this process."""
    if trusted is None:
        return "127.0.0.1,::1" if platform_port() and not bind else ""
    return trusted


def default_bind(http: bool) -> str:
    """What to serve on when nothing is said."""
    if not http:
        return standard_input()
    port = platform_port()
    if port is None:
        raise UsageError(
            "HTTP_PLATFORM_PORT is not set, which tells the port for `--http`\n"
            "hint: HttpPlatformHandler sets it. Elsewhere give `--bind tcp:HOST:PORT` or `--bind unix:PATH`."
        )
    return f"tcp:127.0.0.1:{port}"


def standard_input() -> str:
    """What to serve on when nothing is said: the socket that is descriptor 0."""
    kind = _iiswsgi.inherited(0)
    if kind in ("listening-socket", "connected-socket") or (kind == "pipe" and os.name == "nt"):
        return "fd:0"
    described = {"file": "a file or device", "terminal": "a terminal", "pipe": "a pipe", "closed": "closed"}[kind]
    raise UsageError(
        f"standard input is {described}, not a socket to serve on\n"
        "hint: IIS and other process managers start this command with a socket as descriptor 0. "
        "To serve on an address of your own, give `--bind unix:PATH` or `--bind tcp:HOST:PORT`."
    )


def open_log(path: str | None, level: str, size: int = LOG_SIZE) -> _iiswsgi.Log:
    """The log. Under IIS, whose processes have no standard error, it is the first documented place that can be written.

    What goes to a file takes everything along that the process prints, ``faulthandler`` included.
    """
    if path and path != "-":
        log = _iiswsgi.Log.to_file(path, level, size, True)
    elif path != "-" and is_under_iis():
        log = _iiswsgi.Log(lastwords.places(), level, size, True)
    else:
        log = _iiswsgi.Log((), level)
    if log.path is not None and os.name == "nt":
        # The C library has no descriptors under IIS, and an open one would keep the file from being rotated.
        sys.stdout, sys.stderr = LogStream(log), LogStream(log)
        return log
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and hasattr(stream, "reconfigure"):
            # Who reads the log of a process that hangs wants the line that it printed last.
            stream.reconfigure(line_buffering=True)
        elif stream is None and log.path is not None:
            setattr(sys, name, open(1 if name == "stdout" else 2, "w", buffering=1, closefd=False))
    if sys.stderr is not None:
        import faulthandler

        try:
            faulthandler.enable(2)
        except (OSError, ValueError, RuntimeError):
            # Standard error is closed: there is nowhere to write to.
            pass
    return log


class LogStream(io.TextIOBase):
    """Standard output and standard error where they have no descriptors: each line is one of the log's."""

    def __init__(self, log: _iiswsgi.Log) -> None:
        self.log = log
        self.line = ""
        self.lock = threading.Lock()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self.lock:
            *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            self.log.write("info", line)
        return len(text)


def keep_output_away_from_sockets() -> None:
    """A process manager may leave its socket as standard output: what is printed must not end in the protocol."""
    if os.name != "nt" and "socket" in _iiswsgi.inherited(1):
        if "socket" in _iiswsgi.inherited(2):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)
        os.dup2(2, 1)


class Stopping:
    """Stops a server on signals."""

    def __init__(self, log: _iiswsgi.Log, graceful_timeout: float) -> None:
        self.log = log
        self.graceful_timeout = graceful_timeout
        self.stopping = False
        self.socket_file: tuple[str, int, int] | None = None

    def install(self, server: _iiswsgi.Server) -> Callable[[], None]:
        """Lets signals reach the server. Gives what undoes it."""
        self.socket_file = socket_file(server.address)
        if threading.current_thread() is not threading.main_thread():
            return lambda: None
        numbers = [signal.SIGTERM, signal.SIGINT]

        def handle(number: int, frame: FrameType | None) -> None:
            # Runs when the main thread is in Python, with a request that may never end.
            if self.on_signal(number):
                server.stop()

        # The byte of the wakeup descriptor reaches a server that waits, whatever thread does so.
        before = [(number, signal.signal(number, handle)) for number in numbers]
        descriptor = signal.set_wakeup_fd(server.signal_descriptor, warn_on_full_buffer=False)

        def restore() -> None:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before:
                signal.signal(number, handler)

        return restore

    def on_signal(self, number: int) -> bool:
        if number not in (signal.SIGTERM, signal.SIGINT):
            return False
        if not self.stopping:
            self.stopping = True
            self.log.write("info", f"stopping: {signal.Signals(number).name}")
            threading.Thread(target=self._insist, name="iiswsgi-deadline", daemon=True).start()
        return True

    def _insist(self) -> None:
        """Ends the process when a request does not end in time."""
        import time

        # The server itself gives up at the timeout; a thread that never comes back needs more.
        time.sleep(self.graceful_timeout + 1)
        self.log.write("warning", f"requests still run {self.graceful_timeout:g} s after the signal: giving them up")
        # The thread that runs the request has the server, which would remove it.
        if self.socket_file and socket_file(f"unix:{self.socket_file[0]}") == self.socket_file:
            os.unlink(self.socket_file[0])
        os._exit(0)


def socket_file(address: str | None) -> tuple[str, int, int] | None:
    """The file of a socket that is listened on, with its device and inode: another server's file is left alone."""
    kind, _, path = (address or "").partition(":")
    if kind != "unix":
        return None
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return path, status.st_dev, status.st_ino
