"""Follows docs/migrate-from-wfastcgi.md step by step, with the real wfastcgi before and this gateway after.

The blocks of the document are what runs: its web.config and application become files, its commands are run, and what it
says they show is compared.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from projects import SOURCE, Project
from test_wfastcgi import WFASTCGI, Started

DOCUMENT = (SOURCE / "docs" / "migrate-from-wfastcgi.md").read_text(encoding="utf-8")
PYTHON = r"C:\Python312\python.exe"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def processor(text):
    """The handler's scriptProcessor, with the programs of this machine in the place of the document's."""
    value = re.search(r'scriptProcessor="([^"]*)"', text)[1]
    return value.replace(PYTHON, sys.executable).replace(r"C:\Python312\Lib\site-packages\wfastcgi.py", WFASTCGI.partition("|")[2])


@pytest.fixture
def site(tmp_path):
    site = Project(tmp_path / "site")
    site.write("web.config", blocks("xml")[0]).write("guestbook.py", blocks("python")[0])
    if os.name != "nt":
        # wfastcgi writes the name with a capital, which is the same file on Windows.
        (site.folder / "Web.config").symlink_to("web.config")
    return site.write("requirements.txt", blocks("text")[0])


def answer(site):
    started = Started(site.folder, processor(site.read("web.config")))
    try:
        return started.get("/visit?name=Ann")
    finally:
        started.close()


def test_following_the_document_changes_the_gateway_and_nothing_else(site):
    before = answer(site)
    assert b"Ann was here" in before.body
    shown, written = blocks("sh")[0].splitlines()[-1], blocks("sh")[1].splitlines()[-1]
    words = shlex.split(shown)
    assert words[0] == "iiswsgi"
    output = site.iiswsgi(*words[1:])
    assert blocks("diff")[0] in output.replace("\r\n", "\n")
    assert "Nothing is written yet" in output
    assert site.read("web.config") == blocks("xml")[0]
    output = site.iiswsgi(*shlex.split(written)[1:])
    # The steps that the document has are those that the command says.
    for step in blocks("bat"):
        for line in step.strip().splitlines():
            assert line in output, output
    assert "<!-- Our guest book -->" in site.read("web.config")
    assert site.read("requirements.txt") == "flask\niiswsgi\n"
    after = answer(site)
    assert (after.status, after.body) == (before.status, before.body)
    assert "nothing to change" in site.iiswsgi("migrate", ".")


def test_the_check_of_the_document_passes(site):
    command = blocks("sh")[2].splitlines()[-1]
    env = {"WSGI_HANDLER": "guestbook.app"}
    assert command.startswith("python -m iiswsgi serve --check ")
    subprocess.run(
        [sys.executable, *shlex.split(command)[1:]], cwd=site.folder, check=True, stdout=subprocess.DEVNULL, env={**env}
    )
    assert Path(site.folder, "guestbook.py").is_file()
