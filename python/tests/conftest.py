"""Starts the installed gateway as a user would: `python -m iiswsgi serve`."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from machine import ON_WINDOWS, PYTHON  # noqa: E402

from fastcgi import Connection, wait_until  # noqa: E402

NUMBERS = itertools.count()


class Gate:
    """Where a request of the application waits until the test lets it pass."""

    def __init__(self, path):
        self.path = path
        self.params = {"HTTP_GATE": str(path)}

    def wait_until_reached(self):
        assert wait_until(Path(f"{self.path}.reached").exists)

    def open(self):
        self.path.touch()


class Gateway:
    """A running gateway process."""

    def __init__(self, folder, process, address, log):
        self.folder = folder
        self.process = process
        self.address = address
        self.log_path = log

    def connect(self, timeout=60):
        return Connection(self.address, timeout)

    def get(self, path="/", **more):
        with self.connect() as connection:
            return connection.get(path, **more)

    def gate(self):
        """Something for a request to wait at."""
        return Gate(self.folder / f"gate{next(NUMBERS)}")

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, number=signal.SIGTERM, timeout=60):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout)


@pytest.fixture(scope="session")
def start():
    """Starts gateways and stops them all at the end."""
    running = []

    def start_one(app, *arguments, files=None, env=None, tcp=False, wait=True, bind=True):
        # Not tmp_path: a socket's path must be short.
        folder = Path(tempfile.mkdtemp(prefix="gw"))
        for name, text in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        shutil.copy(HERE / "apps.py", folder)
        log = folder / "stderr.log"
        # Python has no Unix sockets on Windows.
        if tcp or ON_WINDOWS:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                address = probe.getsockname()
            place = f"tcp:127.0.0.1:{address[1]}"
        else:
            address = folder / "s"
            place = f"unix:{address}"
        where = ["--bind", place] if bind else []
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IISWSGI_")}
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                [*PYTHON, "-m", "iiswsgi", "serve", *([app] if app else []), *where, *arguments],
                cwd=folder,
                # What runs it may be more than one process.
                start_new_session=True,
                env={**clean, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        gateway = Gateway(folder, process, address, log)
        running.append(gateway)
        if wait:
            assert wait_until(lambda: "serving on" in gateway.log or process.poll() is not None), gateway.log
            assert process.poll() is None, gateway.log
        return gateway

    yield start_one
    for gateway in running:
        if gateway.process.poll() is None:
            os.killpg(gateway.process.pid, signal.SIGKILL) if os.name != "nt" else gateway.process.kill()
            gateway.process.wait()
        shutil.rmtree(gateway.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def gateway(start):
    """The one gateway that most tests share: one thread."""
    return start("apps:app")


@pytest.fixture(scope="session")
def threaded(start):
    """A gateway with sixteen threads."""
    return start("apps:app", "--threads", "16")


@pytest.fixture
def connection(gateway):
    with gateway.connect() as connection:
        yield connection
