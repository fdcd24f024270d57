"""Paste's own commands start the gateway: `pserve` of Pyramid and `paster serve` of PasteScript."""

import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fastcgi import Connection, listens, wait_until

CONFIGURATION = """
[app:main]
use = egg:iiswsgi#test_app

[server:main]
use = egg:iiswsgi#iis
bind = unix:{address}
threads = 2
"""


@pytest.mark.parametrize(
    "words",
    [["pserve"], ["paster", "serve"], ["paster", "serve", "-s", "egg:iiswsgi#iis", "-q"]],
    ids=["pserve", "paster", "paster with the server of the command line"],
)
def test_it_serves_over_fastcgi(words):
    script = Path(sys.executable).parent / words[0]
    with tempfile.TemporaryDirectory(prefix="gw") as folder:
        address = Path(folder, "s")
        file = Path(folder, "test.ini")
        text = CONFIGURATION.format(address=address)
        listener = None
        if "-s" in words:
            # Without options the socket is descriptor 0, as IIS starts a gateway.
            text = text[: text.index("[server:main]")]
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(address))
            listener.listen()
        file.write_text(text)
        with open(Path(folder, "log"), "w+b") as log:
            words = [sys.executable, script, *words[1:], file]
            process = subprocess.Popen(words, stdin=listener or subprocess.DEVNULL, stdout=log, stderr=log)
            if listener:
                listener.close()
            try:
                assert wait_until(lambda: listens(address) or process.poll() is not None)
                assert process.poll() is None, Path(folder, "log").read_text()
                with Connection(address, 60) as connection:
                    answer = connection.get("/x?<script>")
                assert answer.status == 200
                assert b"Test IIS FastCGI WSGI Application" in answer.body
                assert b"<script>" not in answer.body
            finally:
                process.terminate()
                process.wait(60)
