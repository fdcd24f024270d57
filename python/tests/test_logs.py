"""Where the log is, what ends in it, and that nothing of it ends in the protocol."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastcgi import wait_until

NOISY = """
import logging, sys, warnings
print("printed")
print("to stderr", file=sys.stderr)
logging.getLogger("somebody").warning("logged")
warnings.warn("a warning")
def app(environ, start_response):
    print("printed in a request")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"found"]
"""


def answers_with(gateway, body):
    try:
        return gateway.get().body == body
    except OSError:
        return False


def test_the_log_of_iis_takes_everything(start, tmp_path):
    env = {"IIS_USER_HOME": str(tmp_path), "IISEXPRESS_SITENAME": "My Site"}
    gateway = start("noisy:app", files={"noisy.py": NOISY}, env=env, wait=False)
    assert wait_until(lambda: answers_with(gateway, b"found"))
    log = (tmp_path / "Logs" / "My Site" / "iiswsgi.log").read_text()
    for text in ("printed", "to stderr", "logged", "a warning", "serving on", "printed in a request"):
        assert text in log
    assert gateway.log == ""


@pytest.mark.parametrize("blocked, site, used", [
    ([], "My Site", "home/Logs/My Site/iiswsgi.log"),
    (["home/Logs/My Site"], "My Site", "home/Logs/iiswsgi.log"),
    ([], "../../x", "home/Logs/iiswsgi.log"),
    ([], "", "home/Logs/iiswsgi.log"),
    (["home"], "My Site", "temp/iiswsgi.log"),
])
def test_the_places_of_the_log_under_iis_are_tried_in_order(start, tmp_path, blocked, site, used):
    (tmp_path / "temp").mkdir()
    for name in blocked:
        # A file where a folder should be: it cannot be written to, whoever the user is.
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    env = {"IIS_USER_HOME": str(tmp_path / "home"), "IISEXPRESS_SITENAME": site, "TEMP": str(tmp_path / "temp")}
    gateway = start("apps:app", env=env, wait=False)
    assert wait_until(lambda: answers_with(gateway, b"hello"))
    found = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("iiswsgi.log")]
    assert found == [used] and "serving on" in (tmp_path / used).read_text()


def test_the_last_place_is_the_root(monkeypatch):
    from iiswsgi.lastwords import places

    for name in ("IIS_USER_HOME", "IISEXPRESS_SITENAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEMP", "/t")
    assert places() == ["/t/iiswsgi.log", "/iiswsgi.log"]


@pytest.mark.parametrize("arguments, text", [
    (["--bidn", "x", "a:b"], "unknown option `--bidn`"),
    (["apps:app", "--bind", "nonsense"], "`nonsense` is no address to serve on"),
    (["apps:app", "--threads", "x"], "is no whole number"),
    (["apps:app"], "standard input is a file or device"),
])
def test_under_iis_wrong_usage_is_told_in_the_log(tmp_path, arguments, text):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IISWSGI_")}
    command = [sys.executable, "-m", "iiswsgi", "serve", *arguments]
    env = {**clean, "IIS_USER_HOME": str(tmp_path)}
    code = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120).returncode
    assert code == 2 and text in (tmp_path / "Logs" / "iiswsgi.log").read_text()


def test_under_iis_a_package_that_cannot_be_loaded_is_told_in_the_log(tmp_path):
    import iiswsgi

    names = shutil.ignore_patterns("_iiswsgi*", "__pycache__")
    shutil.copytree(Path(iiswsgi.__file__).parent, tmp_path / "iiswsgi", ignore=names)
    env = {**os.environ, "IIS_USER_HOME": str(tmp_path), "PYTHONPATH": ""}
    command = [sys.executable, "-m", "iiswsgi", "serve", "apps:app"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 1
    log = (tmp_path / "Logs" / "iiswsgi.log").read_text()
    assert "the package iiswsgi cannot be loaded" in log and "_iiswsgi" in log


def test_lines_tell_time_process_and_level(start):
    gateway = start("apps:app")
    pid = gateway.process.pid
    assert f"Z [{pid}] INFO serving on" in gateway.log and gateway.log[4] == "-"


def test_access_log(start):
    gateway = start("apps:app", "--access-log")
    gateway.get("/hello", REQUEST_URI="/hello?a=b", REMOTE_ADDR="192.0.2.1")
    assert wait_until(lambda: '192.0.2.1 "GET /hello?a=b" 200 5 ' in gateway.log)


def test_log_file_and_level(start, tmp_path):
    path = tmp_path / "deep" / "er.log"
    gateway = start("apps:app", "--log-file", str(path), "--log-level", "error", wait=False)
    assert wait_until(lambda: answers_with(gateway, b"hello"))
    gateway.get("/raise_early")
    text = path.read_text()
    assert "INFO" not in text and " ERROR incident " in text


def test_a_log_is_rotated_and_what_is_printed_follows(start, tmp_path):
    path = tmp_path / "my.log"
    options = ["--log-file", str(path), "--log-size", "3000", "--access-log"]
    gateway = start("noisy:app", *options, files={"noisy.py": NOISY}, wait=False)
    assert wait_until(lambda: answers_with(gateway, b"found"))
    with gateway.connect() as connection:
        for number in range(200):
            assert connection.get(REQUEST_URI=f"/{number}").body == b"found"
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["my.log", "my.log.1", "my.log.2", "my.log.3"]
    assert '"GET /199"' in path.read_text() and "printed in a request" in path.read_text()
    # What is printed is not counted until the file is opened again, so that a file may be a little larger.
    assert all(file.stat().st_size < 8000 for file in tmp_path.iterdir())


def test_a_crash_leaves_a_traceback_in_the_log(start, tmp_path):
    path = tmp_path / "my.log"
    gateway = start("apps:app", "--log-file", str(path), wait=False)
    assert wait_until(lambda: answers_with(gateway, b"hello"))
    with pytest.raises((EOFError, ConnectionResetError)):
        gateway.get("/crash")
    assert gateway.process.wait(60) == -signal.SIGSEGV
    log = path.read_text()
    assert "Fatal Python error: Segmentation fault" in log and "in crash" in log
