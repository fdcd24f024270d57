"""Coming from wfastcgi: one line of web.config is changed, and the application sees what it saw.

Each case runs the real wfastcgi beside this gateway, both started by the `scriptProcessor` of the same web.config, as
IIS does it: with a connection as standard input, in another folder, and without any word of where the application is
but in the request.
"""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fastcgi import Connection, params_of, request_bytes, wait_until

HERE = Path(__file__).parent
WFASTCGI = f"{sys.executable}|{shlex.quote(str(HERE / 'wfastcgi_here.py'))}"
OURS = f"{sys.executable}|-m iiswsgi serve"

WEB_CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <system.webServer>
    <handlers>
      <add name="Python FastCGI" path="*" verb="*" modules="FastCgiModule"
           scriptProcessor="@PROCESSOR@"
           resourceType="Unspecified" requireAccess="Script" />
    </handlers>
  </system.webServer>
  <appSettings>
    <!-- Required settings -->
    <add key="WSGI_HANDLER" value="@HANDLER@" />
    <add key="PYTHONPATH" value="%SITES%/library" />
    <!-- Optional settings -->
    <add key="WSGI_LOG" value="@FOLDER@/my.log" />
    <add key=" MY_SETTING " value="5 &gt; 3" />
    @SETTINGS@
  </appSettings>
</configuration>
"""

APP = """
import json, os, sys
import in_library

KEYS = ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "HTTP_X", "wsgi.url_scheme",
        "wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once", "wsgi.version"]

def app(environ, start_response):
    if environ["PATH_INFO"].endswith("/fail"):
        raise ValueError("failed on purpose")
    found = {key: environ.get(key) for key in KEYS}
    found["setting"] = os.environ.get("MY_SETTING")
    found["folder"] = os.getcwd()
    found["body"] = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode("latin-1")
    start_response("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [json.dumps(found).encode()]

def make():
    return app

class Site:
    inner = staticmethod(app)

def make_site():
    return Site
"""


class Started:
    """A gateway that IIS would start."""

    def __init__(self, folder, processor):
        executable, _, arguments = processor.partition("|")
        ours, theirs = socket.socketpair()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IISWSGI_")}
        self.folder = folder
        self.process = subprocess.Popen(
            [executable, *shlex.split(arguments)],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder.parent,
            env={**clean, "APP_POOL_ID": "DefaultAppPool", "SITES": str(folder.parent), "TEMP": str(folder.parent)},
        )
        theirs.close()
        self.connection = Connection(ours, 60)

    def get(self, url="/", body=b"", metabase="/LM/W3SVC/1/ROOT", **more):
        path, _, query = url.partition("?")
        params = params_of(
            path,
            "POST" if body else "GET",
            SCRIPT_NAME=path,
            QUERY_STRING=query,
            REQUEST_URI=url,
            SERVER_SOFTWARE="Microsoft-IIS/10.0",
            APPL_MD_PATH=metabase,
            APPL_PHYSICAL_PATH=f"{self.folder}{os.sep}",
            CONTENT_LENGTH=str(len(body)),
            HTTPS="off",
        )
        self.connection.send(request_bytes({**params, **more}, body))
        return self.connection.answer()

    def close(self):
        self.connection.close()
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def site(tmp_path):
    """Writes a site and gives what starts a gateway by its web.config."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "in_library.py").write_text("")
    started = []

    def start(processor, handler="my_app.app", settings="", files=None, config=WEB_CONFIG):
        folder = tmp_path / f"site{len(started)}"
        folder.mkdir()
        for name, text in {"my_app.py": APP, **(files or {})}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        marks = {"PROCESSOR": processor, "HANDLER": handler, "SETTINGS": settings, "FOLDER": str(folder)}
        for mark, text in marks.items():
            config = config.replace(f"@{mark}@", text)
        # wfastcgi asks for a capital, which matters here and not on Windows.
        (folder / ("Web.config" if processor == WFASTCGI else "web.config")).write_text(config)
        # What IIS starts is what the file says.
        found = re.search('scriptProcessor="([^"]*)"', config)
        started.append(Started(folder, found[1]))
        return started[-1]

    yield start
    for gateway in started:
        gateway.close()


def both(site, *requests, **web_config):
    """The answers of wfastcgi and ours to the same requests."""
    answers = []
    for processor in (WFASTCGI, OURS):
        gateway = site(processor, **web_config)
        answers.append([comparable(gateway, gateway.get(**request)) for request in requests])
    return answers


def comparable(gateway, answer):
    """What must be the same: the status, the headers that the application sets, the body, the protocol's end."""
    text = answer.body.decode().replace(str(gateway.folder), "FOLDER")
    headers = [header for header in answer.headers if header[0] != "Content-Length"]
    if answer.status == 500:
        # The page of wfastcgi is empty.
        return answer.status, answer.end
    return answer.status, headers, json.loads(text), answer.end


@pytest.mark.parametrize("request_", [
    {"url": "/"},
    {"url": "/a/b?x=1&y=%20"},
    {"url": "/upload", "body": b"a=b" * 50_000},
    {"url": "/secure", "HTTPS": "on"},
    {"url": "/header", "HTTP_X": "caf\u00e9"},
    {"url": "/a/"},
], ids=lambda request: request["url"])
def test_the_application_sees_what_wfastcgi_showed_it(site, request_):
    theirs, ours = both(site, request_)
    assert ours == theirs
    assert ours[0][2]["setting"] == "5 > 3" and ours[0][2]["folder"] == "FOLDER"


@pytest.mark.parametrize("handler, files", [
    ("my_app.app", {}),
    ("my_app.make()", {}),
    ("my_app.Site.inner", {}),
    ("my_app.make_site().inner", {}),
    ("package.deep.app", {"package/__init__.py": "", "package/deep.py": "from my_app import app"}),
    ("package.app", {"package/__init__.py": "from my_app import app", "package/app.py": "raise AssertionError"}),
])
def test_handlers_mean_what_they_meant(site, handler, files):
    theirs, ours = both(site, {"url": "/x"}, handler=handler, files=files)
    assert ours == theirs and ours[0][0] == 200


SETTING = '<add key="SCRIPT_NAME" value="/Shop" />'


@pytest.mark.parametrize("url", ["/Shop/a", "/shop/a", "/elsewhere"])
def test_the_script_name_that_is_set_is_taken_off_the_path(site, url):
    theirs, ours = both(site, {"url": url}, {"url": url}, settings=SETTING)
    for answers in (theirs, ours):
        # wfastcgi gives the setting's letters, this gateway those of the URL.
        for answer in answers:
            answer[2]["SCRIPT_NAME"] = answer[2]["SCRIPT_NAME"].lower()
    assert ours == theirs


def test_path_info_for_script_mappings(site):
    settings = '<add key="AllowPathInfoForScriptMappings" value="true" />'
    request = {"url": "/app.py/x", "SCRIPT_NAME": "/app.py", "PATH_INFO": "/x"}
    theirs, ours = both(site, request, request, settings=settings)
    assert ours == theirs and ours[0][2]["SCRIPT_NAME"] == "/app.py"


def test_a_failure_is_a_500_and_the_next_request_is_served(site):
    theirs, ours = both(site, {"url": "/"}, {"url": "/fail"}, {"url": "/"})
    assert ours == theirs and [answer[0] for answer in ours] == [200, 500, 200]


def test_an_application_below_a_virtual_path_sees_its_own_path(site):
    """wfastcgi shows the whole path unless SCRIPT_NAME is set: PTVS issues 1029 and 4061."""
    answer = site(OURS).get("/Shop/a", metabase="/LM/W3SVC/1/ROOT/Shop")
    found = json.loads(answer.body)
    assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("/Shop", "/a")


def test_the_log_goes_where_wsgi_log_says(site):
    gateway = site(OURS)
    assert gateway.get("/fail").status == 500
    log = (gateway.folder / "my.log").read_text()
    assert "failed on purpose" in log and "names the application `my_app.app`" in log
    early = (gateway.folder.parent / "iiswsgi.log").read_text()
    assert "serving on" in early and "failed on purpose" not in early


def test_the_process_ends_when_a_python_file_changes_as_with_wfastcgi(site):
    gateway = site(OURS)
    assert gateway.get().status == 200
    # Written again and again: the first look of the watcher may come after a write.
    number = iter(range(1, 1000))

    def ended():
        path = gateway.folder / "my_app.py"
        path.write_text(APP)
        os.utime(path, (next(number),) * 2)
        return gateway.process.poll() is not None

    assert wait_until(ended, 60)
    assert gateway.process.returncode == 0, "IIS starts it again"
    assert "has changed" in (gateway.folder / "my.log").read_text()


@pytest.mark.parametrize("regex, name, ends", [("", "my_app.py", False), (r".*\.txt$", "deep.txt", True)])
def test_the_files_that_are_watched(site, regex, name, ends):
    settings = f'<add key="WSGI_RESTART_FILE_REGEX" value="{regex}" />'
    gateway = site(OURS, settings=settings, files={"deep.txt": ""})
    assert gateway.get().status == 200
    if ends:
        number = iter(range(1, 1000))
        path = gateway.folder / name
        assert wait_until(lambda: os.utime(path, (next(number),) * 2) or gateway.process.poll() is not None, 60)
    else:
        names = [thread.name for thread in Path(f"/proc/{gateway.process.pid}/task").iterdir()]
        assert len(names) == 1, "nothing is watched"


@pytest.mark.parametrize("config, log, reason", [
    (WEB_CONFIG.replace('"WSGI_HANDLER"', '"OTHER"'), "site0/my.log", "nor the appSettings of"),
    (WEB_CONFIG.replace("</appSettings>", ""), "iiswsgi.log", "is not well-formed"),
    ('<configuration><!-- scriptProcessor="@PROCESSOR@" --></configuration>', "iiswsgi.log", "nor the appSettings of"),
], ids=["no handler", "not well-formed", "no settings"])
def test_a_web_config_that_names_nothing_is_told_and_read_again(site, tmp_path, config, log, reason):
    gateway = site(OURS, config=config)
    answer = gateway.get()
    assert answer.status == 500 and b"incident " in answer.body
    assert reason in (tmp_path / log).read_text()
    (gateway.folder / "web.config").write_text(WEB_CONFIG.replace("@HANDLER@", "my_app.app").replace("@SETTINGS@", ""))
    assert wait_until(lambda: gateway.get().status == 200, 60)


def test_an_old_namespace_and_a_location_do_not_hide_the_settings(site):
    config = WEB_CONFIG.replace("<configuration>", '<configuration xmlns="http://schemas.microsoft.com/.NetConfiguration/v2.0">')
    config = config.replace("<appSettings>", '<location path="."><appSettings>').replace("</appSettings>", "</appSettings></location>")
    theirs, ours = both(site, {"url": "/"}, config=config)
    assert ours == theirs and ours[0][0] == 200


def test_settings_without_effect_are_told(site):
    gateway = site(OURS, settings='<add key="WSGI_PTVSD_SECRET" value="x" />')
    assert gateway.get().status == 200
    assert "`WSGI_PTVSD_SECRET` of wfastcgi has no effect" in (gateway.folder.parent / "iiswsgi.log").read_text()
