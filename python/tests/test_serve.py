"""The command: how applications are named, where it serves, what it says, threads."""

import json
import os
import socket
import subprocess
import sys

import pytest

from fastcgi import Connection, listens, params_of, request_bytes, wait_until

HELLO = """
def {name}(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{text}"]
"""


def source(name="app", text="found"):
    return HELLO.format(name=name, text=text)


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "iiswsgi", *arguments], capture_output=True, text=True, timeout=120, **options
    )


@pytest.mark.parametrize("spec, files", [
    ("one:app", {"one.py": source()}),
    ("one", {"one.py": source("application")}),
    ("one:make()", {"one.py": source() + "\ndef make():\n    return app\n"}),
    ("one.app", {"one.py": source()}),
    ("package.inner.app", {"package/__init__.py": "", "package/inner.py": source()}),
    ("package.make()", {"package/__init__.py": source() + "\ndef make():\n    return app\n"}),
    ("one:holder.inner", {"one.py": source() + "\nclass holder:\n    inner = app\n"}),
    ("one.py", {"one.py": source()}),
    ("folder/my-site.py:app", {"folder/my-site.py": source()}),
    ("folder/site.wsgi", {"folder/site.wsgi": source("application")}),
    ("folder/uses.py", {"folder/uses.py": "from beside import app\n", "folder/beside.py": source()}),
])
def test_forms_of_naming_an_application(start, spec, files):
    assert start(spec, files=files).get().body == b"found"


def test_the_handler_of_the_environment(start):
    assert start("", files={"one.py": source()}, env={"WSGI_HANDLER": "one.app"}).get().body == b"found"


def test_options_of_the_environment(start):
    gateway = start("apps:app", env={"IISWSGI_DEBUG": "1", "IISWSGI_THREADS": "2"})
    assert b"Traceback" in gateway.get("/raise_early").body
    assert json.loads(gateway.get("/types").body)["wsgi.multithread"] == "True"


def test_every_option_is_an_environment_variable():
    from iiswsgi.options import OPTIONS, parse

    for option in OPTIONS:
        text, value = {bool: ("yes", True), int: ("7", 7), float: ("2.5", 2.5), str: ("text", "text")}[option.kind]
        variable = "IISWSGI_" + option.name[2:].upper().replace("-", "_")
        key = option.name[2:].replace("-", "_")
        assert parse([], {variable: text})[1][key] == value
        if option.kind is not bool:
            assert parse([option.name, text], {variable: "0"})[1][key] == value, "an argument wins"


def test_variables_in_pythonpath_are_expanded(start, tmp_path):
    (tmp_path / "elsewhere.py").write_text(source())
    env = {"PLACE": str(tmp_path), "PYTHONPATH": "%PLACE%"}
    assert start("elsewhere:app", env=env).get().body == b"found"


@pytest.mark.parametrize("spec", ["paste:app.ini", "paste:app.ini#other"])
def test_an_application_of_a_paste_file_by_its_name(start, spec):
    files = {
        "one.py": source("app", "main") + source("second", "other"),
        "app.ini": "[app:main]\npaste.app_factory = one:main\n[app:other]\npaste.app_factory = one:other\n",
    }
    files["one.py"] += "def main(settings):\n    return app\ndef other(settings):\n    return second\n"
    assert start(spec, files=files).get().body == (b"other" if "#" in spec else b"main")


@pytest.mark.parametrize("options", ["threads = 4", "threads = 1\nmax-params = 1000"])
def test_pserve_serves_by_the_entry_points(tmp_path, options):
    pytest.importorskip("pyramid")
    (tmp_path / "app.ini").write_text(
        f"[app:main]\nuse = egg:iiswsgi#test_app\n[server:main]\nuse = egg:iiswsgi#iis\nbind = unix:{tmp_path}/s\n{options}\n"
    )
    pserve = [sys.executable, "-m", "pyramid.scripts.pserve", "app.ini"]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(pserve, cwd=tmp_path, stdout=log, stderr=log)
    try:
        assert wait_until(lambda: listens(tmp_path / "s")), (tmp_path / "log").read_text()
        with Connection(tmp_path / "s") as connection:
            page = connection.get("/").body.decode()
        assert "Test IIS FastCGI WSGI Application" in page
        assert ("wsgi.multithread</th><td>True" in page) == ("4" in options)
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_the_factory_of_paste_gives_what_serves():
    from importlib.metadata import distribution

    found = {point.name: point for point in distribution("iiswsgi").entry_points if point.group == "paste.server_factory"}
    server_factory = found["iis"].load()

    assert callable(server_factory({}, bind="fd:0", threads="2"))
    with pytest.raises(Exception, match="unknown setting `port`"):
        server_factory({}, port="80")


def test_paste_file(start):
    pytest.importorskip("paste.deploy")
    ini = "[app:main]\nuse = egg:iiswsgi#test_app\n"
    gateway = start("paste:app.ini", files={"app.ini": ini})
    page = gateway.get("/", HTTP_X="<script>").body.decode()
    assert "Test IIS FastCGI WSGI Application" in page and "&lt;script&gt;" in page and "<script>" not in page


@pytest.mark.parametrize("arguments, text", [
    ([], "Usage: iiswsgi"),
    (["serve", "--bidn", "x", "a:b"], "Did you mean `--bind`?"),
    (["serve"], "no application is given"),
    (["serve", "a:b", "--threads", "x"], "`--threads`: `x` is no whole number"),
    (["serve", "a:b", "c:d"], "one application is expected"),
    (["serve", "a:b", "--threads"], "`--threads` needs a value"),
    (["serve", "a:b", "--bind", "nonsense"], "is no address to serve on"),
    (["serve", "a:b", "--bind", "unix:/nonexistent/folder/s"], "cannot listen on"),
    (["serve", "a:b"], "standard input is a file or device, not a socket"),
    (["serve", "a:b", "--bind", "fd:0"], "descriptor `0` is a file or device, not a socket to serve on"),
    (["serve", "a:b", "--bind", "pipe"], "Named pipes belong to Windows"),
    (["serve", "a:b", "--bind", "pipe", "--processes", "2"], "Named pipes belong to Windows"),
])
def test_wrong_usage_is_told_with_exit_code_2(arguments, text):
    done = command(*arguments, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and text in done.stdout + done.stderr
    assert "Traceback" not in done.stderr or "a:b" in done.stderr


@pytest.mark.parametrize("kind", ["a terminal", "a pipe", "closed"])
def test_standard_input_that_is_no_socket_is_told_as_what_it_is(kind):
    import pty

    ends = {"a terminal": pty.openpty, "a pipe": os.pipe, "closed": os.pipe}[kind]()
    if kind == "closed":
        shell = f"exec '{sys.executable}' -m iiswsgi serve apps:app 0<&-"
        done = subprocess.run(["sh", "-c", shell], stderr=subprocess.PIPE, text=True, timeout=120)
    else:
        done = command("serve", "apps:app", stdin=ends[1 if kind == "a terminal" else 0])
    for end in ends:
        os.close(end)
    assert done.returncode == 2 and f"standard input is {kind}, not a socket" in done.stderr
    assert "hint: " in done.stderr and "Errno" not in done.stderr


def test_help_lists_every_option():
    from iiswsgi.options import OPTIONS

    text = command("serve", "--help").stdout
    assert all(option.name in text for option in OPTIONS)


def test_an_application_that_cannot_be_imported_answers_500_and_recovers(start):
    gateway = start("broken:app", files={"broken.py": "import does_not_exist\n"})
    answer = gateway.get()
    assert answer.status == 500 and b"incident " in answer.body
    for text in ("cannot load the application `broken:app`", "No module named 'does_not_exist'", "interpreter: ", "sys.path: "):
        assert text in gateway.log
    (gateway.folder / "broken.py").write_text(source(text="mended"))
    os.utime(gateway.folder / "broken.py", (1, 1))
    assert gateway.get().body == b"mended"


def test_an_application_whose_module_appears_later_is_tried_again_after_a_pause(start):
    gateway = start("broken:app", files={"broken.py": "from comes_later import app\n"})
    assert gateway.get().status == 500
    # No file that took part changes.
    (gateway.folder / "comes_later.py").write_text(source(text="there"))
    assert wait_until(lambda: gateway.get().body == b"there")


def test_an_application_that_exits_while_it_is_imported(start):
    assert start("exits:app", files={"exits.py": "import sys\nsys.exit(5)\n"}).get().status == 500


def test_serving_on_an_inherited_listening_socket(tmp_path_factory):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, "-m", "iiswsgi", "serve", "apps:app"],
            stdin=listener, cwd=os.path.dirname(__file__), stderr=subprocess.PIPE,
        )
        try:
            with Connection(listener.getsockname()) as connection:
                assert connection.get().body == b"hello"
        finally:
            process.terminate()
            assert process.wait(60) == 0


def test_serving_on_an_inherited_connection_ends_with_it():
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", "iiswsgi", "serve", "apps:app", "--bind", "fd:0"],
        stdin=theirs, stdout=theirs, cwd=os.path.dirname(__file__), stderr=subprocess.PIPE,
    )
    theirs.close()
    with Connection(ours) as connection:
        assert connection.get("/errors").body == b"hello", "what is printed does not end in the protocol"
        assert connection.get().body == b"hello"
    assert process.wait(60) == 0


def test_check_answers_one_request():
    done = command("serve", "--check", "apps:app", cwd=os.path.dirname(__file__))
    assert done.returncode == 0 and done.stdout.startswith("Status: 200 OK"), done.stderr
    assert command("serve", "--check", "apps:raise_early", cwd=os.path.dirname(__file__)).returncode == 1
    assert command("serve", "--check", "nothing:app", cwd=os.path.dirname(__file__)).returncode == 1


def test_max_requests_ends_the_process(start):
    gateway = start("apps:app", "--max-requests", "3")
    with gateway.connect() as connection:
        for _ in range(3):
            assert connection.get().body == b"hello"
        assert connection.is_closed()
    assert gateway.process.wait(60) == 0


def test_a_stale_socket_file_is_taken_over(start):
    gateway = start("apps:app")
    gateway.process.kill()
    gateway.process.wait()
    assert gateway.address.exists()
    again = subprocess.Popen(
        [sys.executable, "-m", "iiswsgi", "serve", "apps:app", "--bind", f"unix:{gateway.address}"], cwd=gateway.folder,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_until(lambda: answers(gateway))
        second = command("serve", "apps:app", "--bind", f"unix:{gateway.address}", cwd=gateway.folder)
        assert second.returncode == 2 and "another program serves on" in second.stderr
    finally:
        again.terminate()
        assert again.wait(60) == 0


def answers(gateway):
    try:
        return gateway.get().body == b"hello"
    except OSError:
        return False


def test_sixteen_threads_serve_sixteen_requests_at_once(threaded):
    # None of them is answered before all of them run.
    for _ in range(3):
        connections = [threaded.connect(120) for _ in range(16)]
        for connection in connections:
            connection.send(request_bytes(params_of("/meet")))
        assert [connection.answer().body for connection in connections] == [b"hello"] * 16
        for connection in connections:
            connection.close()


def test_a_request_is_answered_while_another_sleeps(threaded):
    with threaded.connect() as slow:
        gate = threaded.gate()
        slow.send(request_bytes(params_of("/gate", **gate.params)))
        gate.wait_until_reached()
        for _ in range(20):
            assert threaded.get().body == b"hello"
        gate.open()
        assert slow.answer().body == b"hello"


def test_serve_from_a_program(tmp_path):
    program = f"""
import iiswsgi, threading
from apps import app
iiswsgi.serve(app, bind="unix:{tmp_path}/s", max_requests=1)
print("returned")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=os.path.dirname(__file__), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert wait_until(lambda: listens(tmp_path / "s"))
    with Connection(tmp_path / "s") as connection:
        assert connection.get().body == b"hello"
    assert process.communicate(timeout=60)[0] == b"returned\n"
