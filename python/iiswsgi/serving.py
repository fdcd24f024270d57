"""Serves a WSGI application: log, signals, threads and the native server."""

from __future__ import annotations

import os
import signal
import sys
import threading

from iiswsgi import _gateway
from iiswsgi.loader import Loading

# A log file is rotated beyond so many bytes.
LOG_SIZE = 10 << 20


class UsageError(Exception):
    """The caller asked for something that cannot be."""


def serve(
    app,
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
) -> None:
    """Serves an application over FastCGI until SIGTERM or SIGINT arrives.

    ``app`` is a WSGI application, or a text as the command takes it (``module:callable``). ``bind`` is
    ``unix:PATH``, ``tcp:HOST:PORT`` or ``fd:N``; without it descriptor 0 is looked at, as IIS starts a gateway.
    The other arguments are the options of ``python -m iiswsgi serve``.
    """
    log = open_log(log_file, "debug" if trace else log_level, log_size)
    if trace:
        from iiswsgi.watch import trace_to

        threading.settrace(trace_to(log))
        sys.settrace(trace_to(log))
    if max_requests and max_requests_jitter:
        import random

        max_requests += random.randint(0, max_requests_jitter)
    if isinstance(app, str):
        loading = Loading(app, log)
        app = loading.attempt() or loading
    environ = {
        "wsgi.version": (1, 0),
        "wsgi.multithread": threads > 1,
        # IIS starts as many processes as `maxInstances` allows.
        "wsgi.multiprocess": is_under_iis() or bool(os.environ.get("IISWSGI_MULTIPROCESS")),
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _gateway.FileWrapper,
        "wsgi.input_terminated": True,
    }
    stopping = Stopping(log, graceful_timeout)
    server = _gateway.Server(
        app,
        bind or standard_input(),
        environ=environ,
        log=log,
        on_signal=stopping.on_signal,
        threads=threads,
        max_requests=max_requests,
        graceful_timeout=graceful_timeout,
        max_params=max_params,
        script_name=script_name or os.environ.get("SCRIPT_NAME") or None,
        path_info_for_script_mappings=bool(os.environ.get("AllowPathInfoForScriptMappings")),
        debug=debug,
        access_log=access_log,
        watches_time=bool(request_timeout),
    )
    keep_output_away_from_sockets()
    restore = stopping.install(server)
    log.write("info", f"serving on {server.address or 'the inherited connection'} (Python {sys.version.split()[0]})")
    start_watching(server, log, request_timeout, reload)
    tell_supervisor(server)
    try:
        for number in range(1, threads):
            threading.Thread(target=server.run, name=f"iiswsgi-{number}", daemon=True).start()
        server.run()
    finally:
        restore()
    log.write("info", f"stopped after {server.served} requests")


def start_watching(server, log, request_timeout: float | None, reload: bool) -> None:
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


def tell_supervisor(server) -> None:
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


def standard_input() -> str:
    """What to serve on when nothing is said: the socket that is descriptor 0."""
    kind = _gateway.inherited(0)
    if kind in ("listening-socket", "connected-socket"):
        return "fd:0"
    described = {"file": "a file or device", "terminal": "a terminal", "pipe": "a pipe", "closed": "closed"}[kind]
    raise UsageError(
        f"standard input is {described}, not a socket to serve on\n"
        "hint: IIS and other process managers start this command with a socket as descriptor 0. "
        "To serve on an address of your own, give `--bind unix:PATH` or `--bind tcp:HOST:PORT`."
    )


def is_under_iis() -> bool:
    """Whether IIS or IIS Express has started this process."""
    return any(name in os.environ for name in ("APP_POOL_ID", "IIS_USER_HOME", "_FCGI_X_PIPE_"))


def open_log(path: str | None, level: str, size: int = LOG_SIZE):
    """The log. Under IIS, whose processes have no standard error, it is the first documented place that can be written.

    What goes to a file takes everything along that the process prints, ``faulthandler`` included.
    """
    if path and path != "-":
        log = _gateway.Log.to_file(path, level, size, True)
    elif path != "-" and is_under_iis():
        get = os.environ.get
        temporary = get("TEMP") or get("TMPDIR") or "/tmp"
        places = _gateway.Log.places(get("IIS_USER_HOME"), get("IISEXPRESS_SITENAME"), temporary)
        log = _gateway.Log(places, level, size, True)
    else:
        log = _gateway.Log((), level)
    if log.path is not None:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None:
                setattr(sys, name, open(1 if name == "stdout" else 2, "w", buffering=1, closefd=False))
            else:
                stream.reconfigure(line_buffering=True)
    if sys.stderr is not None:
        import faulthandler

        try:
            faulthandler.enable(2)
        except (OSError, ValueError, RuntimeError):
            # Standard error is closed: there is nowhere to write to.
            pass
    return log


def keep_output_away_from_sockets() -> None:
    """A process manager may leave its socket as standard output: what is printed must not end in the protocol."""
    if "socket" in _gateway.inherited(1):
        if "socket" in _gateway.inherited(2):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)
        os.dup2(2, 1)


class Stopping:
    """Stops a server on signals."""

    def __init__(self, log, graceful_timeout: float) -> None:
        self.log = log
        self.graceful_timeout = graceful_timeout
        self.stopping = False

    def install(self, server):
        """Lets signals reach the server. Gives what undoes it."""
        if threading.current_thread() is not threading.main_thread():
            return lambda: None
        numbers = [signal.SIGTERM, signal.SIGINT]

        def handle(number, frame) -> None:
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
        os._exit(0)
