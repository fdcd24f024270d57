"""Several processes, reloading, time limits, and the settings of wfastcgi."""

import itertools
import json
import os
import re
import signal
import threading

import pytest

from fastcgi import params_of, request_bytes, wait_until

PID = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d " % os.getpid(), b"TEXT"]
"""


def pids(gateway, count=40):
    return {int(gateway.get().body.split()[0]) for _ in range(count)}


def started(gateway, count):
    return wait_until(lambda: gateway.log.count("serving on fd:") >= count)


def supervised(start, *arguments, count=2, text="one", **options):
    files = {"pid.py": PID.replace("TEXT", text)}
    gateway = start("pid:app", "--processes", str(count), *arguments, files=files, wait=False, **options)
    assert started(gateway, count), gateway.log
    return gateway


def test_processes_share_a_socket_and_stop_together(start):
    gateway = supervised(start)
    assert wait_until(lambda: len(pids(gateway)) == 2)
    workers = pids(gateway)
    assert gateway.process.pid not in workers
    assert gateway.stop() == 0
    assert not gateway.address.exists()
    for pid in workers:
        assert not os.path.exists(f"/proc/{pid}")


def test_multiprocess_is_true_with_several_processes(start):
    gateway = start("apps:app", "--processes", "2", wait=False)
    assert started(gateway, 2), gateway.log
    assert json.loads(gateway.get("/types").body)["wsgi.multiprocess"] == "True"


def test_a_process_that_dies_is_replaced(start):
    gateway = supervised(start)
    victim = pids(gateway).pop()
    os.kill(victim, signal.SIGKILL)
    assert started(gateway, 3), gateway.log
    assert f"process {victim} died by SIGKILL" in gateway.log
    assert victim not in pids(gateway)


DIES = """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_that_dies_at_once_is_started_later_and_later(start):
    gateway = start("dies:app", "--processes", "2", files={"dies.py": DIES}, wait=False)
    assert wait_until(lambda: gateway.log.count("died by SIGKILL") >= 4), gateway.log
    pauses = [float(pause) for pause in re.findall(r"the next starts in ([0-9.]+) s", gateway.log)]
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert gateway.stop() == 0


def test_processes_die_with_their_supervisor(start):
    gateway = supervised(start)
    workers = pids(gateway)
    gateway.process.kill()
    gateway.process.wait()
    assert wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers))


SLOW_PID = """
import os, time
def app(environ, start_response):
    time.sleep(0.003)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d " % os.getpid(), b"TEXT ", environ["QUERY_STRING"].encode()]
"""


def fewest_serving(log, count):
    """How many processes served at least, from the moment when so many did: by their lines in the log."""
    serving, fewest = set(), None
    for line in log.splitlines():
        found = re.search(r"\[(\d+)\] INFO (serving on fd:|stopping: SIGTERM)", line)
        if not found:
            continue
        if found[2].startswith("serving"):
            serving.add(found[1])
        else:
            serving.discard(found[1])
        if fewest is not None or len(serving) == count:
            fewest = len(serving) if fewest is None else min(fewest, len(serving))
    return fewest


def test_sighup_reloads_under_load_without_refusing_or_losing_a_request(start):
    gateway = start("pid:app", "--processes", "2", files={"pid.py": SLOW_PID.replace("TEXT", "one")}, wait=False)
    assert started(gateway, 2), gateway.log
    before = pids(gateway)
    failures, closed, answered, done = [], [], [], threading.Event()

    def ask(number):
        """Asks and asks, on new connections."""
        for text in map(str, itertools.count()):
            if done.is_set():
                return
            try:
                note(gateway.get(QUERY_STRING=text), text)
            except Exception as error:
                failures.append(error)

    def ask_on_kept(number):
        """The same on one connection. It may be closed while nothing is on it: web servers then send the request again."""
        connection = gateway.connect()
        for text in map(str, itertools.count()):
            if done.is_set():
                break
            try:
                try:
                    connection.send(request_bytes(params_of(QUERY_STRING=text)))
                    connection.peek(1)
                except (EOFError, BrokenPipeError, ConnectionResetError):
                    closed.append(number)
                    connection.close()
                    connection = gateway.connect()
                    connection.send(request_bytes(params_of(QUERY_STRING=text)))
                note(connection.answer(), text)
            except Exception as error:
                failures.append(error)
                connection = gateway.connect()
        connection.close()

    def note(answer, text):
        body = answer.body.split()
        answered.append(body[1])
        if body[2] != text.encode():
            failures.append(f"the answer to another request: {body}")

    threads = [threading.Thread(target=ask_on_kept if number < 4 else ask, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    (gateway.folder / "pid.py").write_text(SLOW_PID.replace("TEXT", "second"))
    for reload in range(1, 6):
        assert wait_until(lambda: len(answered) > 50 * reload), "there is a load, however fast the machine is"
        gateway.process.send_signal(signal.SIGHUP)
        assert wait_until(lambda: gateway.log.count("has stopped") == 2 * reload), gateway.log
    done.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    assert len(closed) <= 4 * 10, "a kept connection is closed at most once for each process that stops"
    assert fewest_serving(gateway.log, 2) == 2, gateway.log
    assert not before & pids(gateway)
    assert gateway.get().body.split()[1] == b"second"


def test_a_stop_is_heeded_while_a_reload_waits_for_its_process(start):
    gateway = supervised(start)
    (gateway.folder / "pid.py").write_text("import time\ntime.sleep(600)\n")
    gateway.process.send_signal(signal.SIGHUP)
    assert wait_until(lambda: gateway.log.count("started process") == 3), gateway.log
    gateway.process.terminate()
    assert gateway.process.wait(30) == 0


def test_reload_when_a_file_changes(start):
    gateway = supervised(start, "--reload", count=1)
    assert gateway.get().body.split()[1] == b"one"
    path = gateway.folder / "pid.py"
    path.write_text(PID.replace("TEXT", "two"))
    # Touched again and again: the first look of the watcher may come after the change.
    number = itertools.count(1)
    assert wait_until(lambda: os.utime(path, (next(number),) * 2) or "has changed" in gateway.log), gateway.log
    assert wait_until(lambda: gateway.get().body.split()[1] == b"two"), gateway.log
    assert "has changed" in gateway.log


LOOP = """
import time
def app(environ, start_response):
    while environ["PATH_INFO"] == "/loop":
        time.sleep(0.01)
    start_response("200 OK", [])
    return [b"done"]
"""


def test_a_request_that_takes_too_long_is_interrupted(start):
    gateway = start("loop:app", "--request-timeout", "0.5", files={"loop.py": LOOP})
    answer = gateway.get("/loop")
    assert answer.status == 500 and "RequestTimeout" in answer.stderr.decode()
    assert "is interrupted at:" in gateway.log and "loop.py" in gateway.log
    assert gateway.get().body == b"done"


STUCK = """
import ctypes, os, time
def hold_the_lock(seconds):
    # A call of C code that lets no other thread of Python run.
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))
def app(environ, start_response):
    if environ["PATH_INFO"] == "/holding":
        hold_the_lock(60)
    if environ["PATH_INFO"] == "/waiting":
        time.sleep(60)
    start_response("200 OK", [])
    return [b"%d" % os.getpid()]
"""


@pytest.mark.parametrize("path, told", [("/holding", "hold_the_lock"), ("/waiting", "stuck.py")])
def test_a_request_that_hangs_in_c_code_ends_its_process_and_another_follows(start, path, told):
    arguments = ("--processes", "2", "--request-timeout", "0.5")
    gateway = start("stuck:app", *arguments, files={"stuck.py": STUCK}, wait=False)
    assert started(gateway, 2), gateway.log
    with gateway.connect() as connection:
        connection.send(request_bytes(params_of(path)))
        assert connection.is_closed(), "the web server learns that there will be no answer"
    assert told in gateway.log, gateway.log
    assert started(gateway, 3), gateway.log
    assert gateway.get().status == 200


def test_a_request_that_hangs_in_c_code_is_told_of_when_nobody_starts_another_process(start):
    gateway = start("stuck:app", "--request-timeout", "0.3", "--threads", "2", files={"stuck.py": STUCK})
    with gateway.connect() as connection:
        connection.send(request_bytes(params_of("/waiting")))
        assert wait_until(lambda: "cannot be interrupted" in gateway.log), gateway.log
        assert gateway.get().status == 200, "the process goes on"


def test_trace_logs_lines(start):
    gateway = start("apps:app", "--trace")
    gateway.get()
    assert wait_until(lambda: re.search(r"apps\.py:\d+ hello", gateway.log))


def test_max_requests_with_jitter(start):
    gateway = start("apps:app", "--max-requests", "2", "--max-requests-jitter", "3")
    count = 0
    with gateway.connect() as connection:
        while True:
            try:
                connection.get()
                count += 1
            except (EOFError, OSError):
                break
    # Requests that were there before the connection closed are answered, not lost: how many that are is a race between
    # this client and the closing. That the process ends is what counts.
    assert 2 <= count <= 200
    assert gateway.process.wait(60) == 0


WEB_CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <appSettings>
    <!-- as wfastcgi has them -->
    <add key="WSGI_HANDLER" value="site.inner.application" />
    <add key="PYTHONPATH" value="%APPL_PHYSICAL_PATH%/lib" />
    <add key="WSGI_LOG" value="%APPL_PHYSICAL_PATH%/wfastcgi.log" />
    <add key="WSGI_RESTART_FILE_REGEX" value=".*\\.txt$" />
    <add key="MY_SETTING" value="5 &gt; 3" />
  </appSettings>
</configuration>
"""


def test_the_settings_of_wfastcgi(start, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "site_settings.py").write_text("")
    (tmp_path / "lib" / "mysite.py").write_text(
        "import json, os\n"
        "class inner:\n"
        "    def application(environ, start_response):\n"
        "        start_response('200 OK', [])\n"
        "        return [json.dumps([os.environ['MY_SETTING'], environ['SCRIPT_NAME'], environ['PATH_INFO']]).encode()]\n"
    )
    (tmp_path / "web.config").write_text(WEB_CONFIG.replace("site.inner", "mysite.inner"))
    env = {"APPL_PHYSICAL_PATH": str(tmp_path), "SCRIPT_NAME": "/app"}
    gateway = start("", env=env, wait=False)
    log = tmp_path / "wfastcgi.log"
    assert wait_until(lambda: log.exists() and "serving on" in log.read_text()), gateway.log
    iis = {"SERVER_SOFTWARE": "Microsoft-IIS/10.0"}
    assert json.loads(gateway.get("/app/x", **iis).body) == ["5 > 3", "/app", "/x"]
    path = tmp_path / "touched.txt"
    path.write_text("x")
    number = itertools.count(1)
    assert wait_until(lambda: os.utime(path, (next(number),) * 2) or gateway.process.poll() is not None)
    assert gateway.process.wait(60) == 0, "IIS starts it again"


def test_a_request_in_a_dying_process_is_finished(start):
    gateway = supervised(start)
    with gateway.connect() as connection:
        assert connection.get().body
        gateway.process.terminate()
        try:
            connection.send(request_bytes(params_of()))
            assert connection.answer().body
        except (EOFError, BrokenPipeError, ConnectionResetError):
            pass  # An idle connection may be closed before the request arrives.
    assert gateway.process.wait(60) == 0
