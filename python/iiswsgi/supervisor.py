"""``--processes``: several processes that share one socket.

The supervisor holds the socket, so that no connection is refused while processes come and go. Each process is a fresh
interpreter. One that dies is replaced, later and later when it dies again and again. SIGHUP replaces them one after the
other: the next is asked to stop only when its successor serves.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any

from iiswsgi import _iiswsgi
from iiswsgi.lastwords import is_under_iis
from iiswsgi.serving import UsageError, default_bind, open_log

# A process that lived so many seconds did not die of its start.
HEALTHY = 5.0
# The pauses before a process that died at once is started again.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
# How long a process may take until it serves before it counts as failed in a reload.
START_TIMEOUT = 60.0


class Process:
    """One process that serves."""

    def __init__(self, command: list[str], descriptor: int) -> None:
        self.ready, theirs = os.pipe()
        ours_alive, self.alive = os.pipe()
        environ = dict(
            os.environ,
            IISWSGI_READY=str(theirs),
            IISWSGI_ALIVE=str(ours_alive),
            IISWSGI_BIND=f"fd:{descriptor}",
            IISWSGI_PROCESSES="1",
        )
        self.popen = subprocess.Popen(
            command, env=environ, pass_fds=(descriptor, theirs, ours_alive), stdin=subprocess.DEVNULL
        )
        os.close(theirs)
        os.close(ours_alive)
        self.started = time.monotonic()
        self.stopping = False

    def stop(self) -> None:
        self.stopping = True
        if self.popen.poll() is None:
            self.popen.terminate()

    def is_ready(self, seconds: float) -> bool | None:
        """Whether it serves; None when it has not said so within the time. One that ended does not."""
        from select import select

        readable, _, _ = select([self.ready], [], [], seconds)
        return os.read(self.ready, 1) == b"1" if readable else None

    def close(self) -> None:
        os.close(self.ready)
        os.close(self.alive)


class Supervisor:
    """All processes of a server."""

    def __init__(
        self,
        command: list[str],
        count: int,
        listener: _iiswsgi.Listener,
        log: _iiswsgi.Log,
        graceful_timeout: float,
    ) -> None:
        self.command = command
        self.count = count
        self.listener = listener
        self.log = log
        self.graceful_timeout = graceful_timeout
        self.processes: list[Process] = []
        self.pause = 0.0
        self.start_at = 0.0
        self.stopping = False
        self.reloading = False

    def start(self) -> Process:
        process = Process(self.command, self.listener.fileno())
        self.log.write("info", f"started process {process.popen.pid}")
        self.processes.append(process)
        return process

    def reap(self) -> None:
        """Takes note of processes that are gone."""
        for process in list(self.processes):
            code = process.popen.poll()
            if code is None:
                continue
            self.processes.remove(process)
            process.close()
            if process.stopping:
                self.log.write("info", f"process {process.popen.pid} has stopped")
            elif code == 0:
                # It has served as many requests as it should, or a file has changed.
                self.log.write("info", f"process {process.popen.pid} has ended")
            else:
                lived = time.monotonic() - process.started
                self.pause = 0.0 if lived > HEALTHY else min(max(FIRST_PAUSE, self.pause * 2), LONGEST_PAUSE)
                self.start_at = time.monotonic() + self.pause
                reason = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
                died = f"process {process.popen.pid} died {reason}"
                self.log.write("error", f"{died}; the next starts in {self.pause:g} s")

    def fill(self) -> None:
        """Starts what is missing."""
        running = sum(not process.stopping for process in self.processes)
        if time.monotonic() >= self.start_at:
            for _ in range(self.count - running):
                self.start()

    def reload(self) -> None:
        """Replaces the processes one after the other."""
        self.reloading = False
        self.log.write("info", "reloading: SIGHUP")
        for old in [process for process in self.processes if not process.stopping]:
            if self.stopping:
                return
            new = self.start()
            deadline = time.monotonic() + START_TIMEOUT
            ready = None
            while ready is None and not self.stopping and time.monotonic() < deadline:
                ready = new.is_ready(0.1)
            if not ready:
                if not self.stopping:
                    self.log.write("error", f"process {new.popen.pid} does not serve: the old ones stay")
                new.stop()
                return
            old.stop()

    def run(self) -> None:
        """Until a signal says stop."""
        while not self.stopping:
            self.reap()
            self.fill()
            if self.reloading:
                self.reload()
            # A signal ends the sleep at once: its byte is in the wakeup descriptor.
            self.sleep(min(1.0, max(0.05, self.start_at - time.monotonic())))
        for process in self.processes:
            process.stop()
        deadline = time.monotonic() + self.graceful_timeout + 2
        while self.processes and time.monotonic() < deadline:
            self.reap()
            time.sleep(0.01)
        for process in self.processes:
            self.log.write("warning", f"process {process.popen.pid} does not stop: killed")
            process.popen.kill()
            process.popen.wait()

    def sleep(self, seconds: float) -> None:
        from select import select

        readable, _, _ = select([self.wakeup], [], [], seconds)
        if readable:
            os.read(self.wakeup, 4096)

    def install(self) -> None:
        """Lets signals in."""
        self.wakeup, theirs = os.pipe()
        os.set_blocking(theirs, False)
        signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)

        def stop(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        def reload(number: int, frame: FrameType | None) -> None:
            self.reloading = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, reload)
        signal.signal(signal.SIGCHLD, lambda *_: None)


def supervise(arguments: list[str], values: dict[str, Any], count: int) -> int:
    """Serves with several processes. The arguments are those of the command."""
    if count < 1:
        raise UsageError("`--processes`: at least one process is needed")
    if not hasattr(signal, "SIGHUP"):
        raise UsageError("`--processes`: on this system IIS starts the processes (`maxInstances`)")
    log = open_log(values["log_file"], values["log_level"], values["log_size"])
    listener = _iiswsgi.Listener(values["bind"] or default_bind(bool(values["http"])))
    command = [sys.executable, "-m", "iiswsgi", "serve", *_without_bind(arguments)]
    if count > 1 or is_under_iis():
        os.environ["IISWSGI_MULTIPROCESS"] = "1"
    supervisor = Supervisor(command, count, listener, log, values["graceful_timeout"])
    supervisor.install()
    log.write("info", f"supervising {count} processes on {listener.address}")
    supervisor.run()
    log.write("info", "all processes have stopped")
    return 0


def _without_bind(arguments: list[str]) -> list[str]:
    """The arguments without those that are the supervisor's; the environment has them for the processes."""
    kept = []
    rest = iter(arguments)
    for argument in rest:
        if argument in ("--bind", "--processes"):
            next(rest, None)
        elif not argument.startswith(("--bind=", "--processes=")):
            kept.append(argument)
    return kept
