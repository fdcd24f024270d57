"""The library for programs: results are typed, failures have three parts, and Ctrl-C ends the work."""

import dataclasses
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

import iiswsgi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iiswsgi import library
from iiswsgi.errors import Error, InputError, StageError
from iiswsgi.results import Feed, Manifest, PackageContent, Parameters, WebConfig
from projects import SOURCE, WSGI, Project

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "shop").write("wsgi.py", WSGI)


def test_a_package_is_made_and_described(project):
    made = iiswsgi.package(project.folder, name="Shop", version="1.2", dist_dir="out")
    assert (made.name, made.version, made.path.name) == ("Shop", "1.2", "Shop-1.2.msdeploy.zip")
    assert made.path.stat().st_size == made.size
    assert [stage.name for stage in made.stages] == ["build", "package"]
    assert all(stage.status == "passed" for stage in made.stages)
    with zipfile.ZipFile(made.path) as archive:
        assert "Shop/wsgi.py" in archive.namelist()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.name = "other"


def test_an_inspection_has_the_type_of_its_kind(project):
    made = iiswsgi.package(project.folder)
    found = iiswsgi.inspect(made.path)
    assert (found.kind, found.sha1, found.sha256) == ("package", made.sha1, made.sha256)
    assert isinstance(found.content, PackageContent)
    assert isinstance(found.content.manifest, Manifest)
    assert [provider.provider for provider in found.content.manifest.providers] == ["iisApp", "runCommand"]
    assert found.content.manifest.providers[1].options.provider == "runCommand"
    assert any(entry.name == "shop/wsgi.py" for entry in found.content.entries)
    with zipfile.ZipFile(made.path) as archive:
        parameters = iiswsgi.inspect(archive.read("Parameters.xml"), name="Parameters.xml").content
        config = iiswsgi.inspect(archive.read("shop/web.config.in"), name="web.config.in").content
    assert isinstance(parameters, Parameters)
    assert parameters.parameters[0].entries[0].match
    assert isinstance(config, WebConfig)
    assert config.applications[0].full_path == "%VENV_PYTHON%"


def test_a_feed_is_written_and_read(project):
    made = iiswsgi.package(project.folder)
    feed = iiswsgi.feed(project.folder, url_template="https://example.org/{file}")
    assert isinstance(feed, Feed)
    entry = feed.entries[0]
    assert (entry.product_id, entry.installers[0].file.sha1) == ("shop", made.sha1)
    assert entry.installers[0].file.url == f"https://example.org/{made.path.name}"
    assert feed.path.is_file()


def test_a_failure_is_an_exception_with_three_parts(project):
    with pytest.raises(InputError) as failure:
        iiswsgi.package(project.folder, settings={"package.formt": "archive"})
    assert str(failure.value).startswith("error: ")
    assert "\nhint: " in str(failure.value)
    assert failure.value.exit_code == 2
    assert str(pickle.loads(pickle.dumps(failure.value))) == str(failure.value)
    project.write("wsgi.py", "")
    with pytest.raises(Error) as failure:
        iiswsgi.package(project.folder)
    assert failure.value.hint
    project.write("iiswsgi.yml", "app: wsgi:application\nhooks: {pre-build: python -c \"raise SystemExit(3)\"}\n")
    with pytest.raises(StageError):
        iiswsgi.package(project.folder)


def test_a_broken_file_tells_its_place(tmp_path):
    path = tmp_path / "Manifest.xml"
    path.write_text("<msDeploy.iisApp>\n  <iisApp path='a'>\n</msDeploy.iisApp>")
    with pytest.raises(InputError) as failure:
        iiswsgi.inspect(path)
    assert failure.value.location.path == path
    assert failure.value.location.line == 3


def test_nothing_is_printed(project, capfd):
    iiswsgi.package(project.folder)
    assert capfd.readouterr() == ("", "")


def test_other_threads_run_meanwhile(project):
    project.write("iiswsgi.yml", f"hooks: {{pre-build: '{sys.executable} -c \"import time; time.sleep(1)\"'}}\n")
    made = []
    thread = threading.Thread(target=lambda: made.append(iiswsgi.package(project.folder)))
    thread.start()
    turns = 0
    while thread.is_alive():
        turns += 1
        time.sleep(0.01)
    assert made
    assert turns > 20


@pytest.mark.skipif(os.name == "nt", reason="the test sends SIGINT")
def test_ctrl_c_ends_a_long_call_and_what_it_started(project):
    script = "import os, time; open('began', 'w').write(str(os.getpid())); time.sleep(600)"
    project.write("hook.py", script).write("iiswsgi.yml", f"hooks: {{pre-build: '{sys.executable} hook.py'}}\n")
    # A job in the background ignores the signal, and so would what it starts: Python is given its own answer to it.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nimport iiswsgi\n"
    program += "try:\n    iiswsgi.package('.')\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=project.folder, stdout=subprocess.PIPE, text=True)
    began = project.folder / "began"
    for _ in range(3000):
        if began.exists() and began.read_text():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "interrupted\n"
    for _ in range(500):
        if not os.path.exists(f"/proc/{began.read_text()}"):
            break
        time.sleep(0.02)
    else:
        pytest.fail("the hook still runs")
    assert not list((project.folder / "dist").glob("*.zip"))


@given(provider=TEXTS, path=TEXTS, pairs=st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
@settings(deadline=None)
def test_provider_options_come_back_as_they_were(provider, path, pairs):
    options = iiswsgi.ProviderOptions(provider, path, tuple(pairs))
    assert iiswsgi.ProviderOptions.decode(options.encode()) == options


@given(value=st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda data: data.hex())))
@settings(deadline=None)
def test_no_text_breaks_the_reader_of_provider_options(value):
    try:
        iiswsgi.ProviderOptions.decode(value)
    except Error as error:
        assert str(error).startswith("error: ")


@given(content=st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_break_an_inspection(content):
    with pytest.raises(InputError):
        iiswsgi.inspect(content)


@given(text=TEXTS.filter(lambda text: "%" not in text and "$" not in text), value=TEXTS)
@settings(deadline=None)
def test_templates_are_filled_in_once(text, value):
    expanded, unresolved = iiswsgi.expand(f"{text}%NAME%{text}%%", {"name": value})
    assert expanded == f"{text}{value}{text}%"
    assert unresolved == ()


def test_what_is_not_known_is_told_with_its_place():
    text, unresolved = iiswsgi.expand("a\n  %WHO% ${HOW}", {"how": "<well>"}, xml=True)
    assert text == "a\n  %WHO% &lt;well&gt;"
    assert [(found.name, found.line, found.column) for found in unresolved] == [("WHO", 2, 3)]


def test_importing_loads_nothing_that_is_not_used():
    program = "import sys; before = set(sys.modules); import iiswsgi; print(*sorted(set(sys.modules) - before))"
    loaded = set(subprocess.check_output([sys.executable, "-I", "-c", program], text=True).split())
    assert {name for name in loaded if name.startswith("iiswsgi")} == {"iiswsgi", "iiswsgi._iiswsgi"}
    assert not loaded & {"argparse", "asyncio", "dataclasses", "importlib.metadata", "json", "logging", "re", "setuptools", "typing"}


def test_names_are_there_before_they_are_loaded():
    assert {"package", "feed", "inspect", "serve", "Error"} <= set(dir(iiswsgi))
    with pytest.raises(AttributeError):
        iiswsgi.nothing  # noqa: B018


def leaves(value):
    """All texts and numbers in JSON, or in what was made of it."""
    if dataclasses.is_dataclass(value):
        value = [getattr(value, found.name) for found in dataclasses.fields(value)]
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, (str, int, Path)) or value is None:
        return Counter([str(value)] if value or value == 0 else [])
    return sum(map(leaves, value), Counter())


FILES = {
    "systemInfo.xml": '<systemInfo osVersion="10.0" machineName="M" />',
    "shop.SetParameters.xml": '<parameters><setParameter name="a" value="b" /></parameters>',
    "applicationHost.config": """<configuration><system.applicationHost><sites><site name="S" id="7">
        <application path="/"><virtualDirectory path="/" physicalPath="C:\\s" /></application></site></sites>
        </system.applicationHost><system.webServer><fastCgi><application fullPath="p" arguments="a" maxInstances="3">
        <environmentVariables><environmentVariable name="n" value="v" /></environmentVariables>
        </application></fastCgi></system.webServer></configuration>""",
    "Parameters.xml": """<parameters><parameter name="p" tags="Hidden,New">
        <parameterValidation kind="RegularExpression" validationString="^a$" />
        <description culture="de">Text</description>
        <parameterEntry kind="TextFile" scope="s" match="m" tags="x" /></parameter></parameters>""",
    "web.config": """<configuration><location path="inner"><system.webServer><httpPlatform processPath="p" arguments="a"
        startupTimeLimit="5"><environmentVariables><environmentVariable name="n" value="v" /></environmentVariables>
        </httpPlatform><handlers><add name="h" path="*" verb="*" modules="m" resourceType="File" /></handlers>
        </system.webServer></location></configuration>""",
    "iiswsgi.bootstrap.json": """{"schema": 1, "name": "n", "python": ">=3.9", "requirements": ["-r x"], "gateway": "g",
        "wheelhouse": "w", "web-config-template": "t", "environment": {"A": "b"}, "setup-commands": ["s"],
        "hooks": {"pre-install": ["one"], "post-install": ["two"]}, "timeout": 9}""",
    "feed.xml": """<feed xmlns="http://www.w3.org/2005/Atom"><webpiVersion>4.0.1.0</webpiVersion>
        <title resourceName="t">Title</title><link rel="self" href="https://example.org/f" />
        <updated>2026-01-01T00:00:00Z</updated><author><name>A</name><uri>https://example.org/a</uri></author>
        <id>https://example.org/</id>
        <entry type="application"><productId>P</productId><title>P</title><summary>s</summary><longSummary>l</longSummary>
        <version>1</version><updated>2026-01-02T00:00:00Z</updated><published>2026-01-03T00:00:00Z</published>
        <discoveryHint><or><discoveryHint><file><filePath>%ProgramFiles%\\f.dll</filePath></file></discoveryHint>
        <discoveryHint><msiProductCode>{1-2}</msiProductCode></discoveryHint></or></discoveryHint>
        <dependency><and><dependency><productId>WDeploy</productId></dependency>
        <dependency idref="named" /></and></dependency>
        <installers><installer><id>1</id><languageId>en</languageId><installerFile><fileSize>5</fileSize>
        <installerURL>https://example.org/p.zip</installerURL><sha1>aa</sha1></installerFile>
        <installCommands><cmdLine><exe>x.exe</exe><commandLineArguments>/q</commandLineArguments></cmdLine></installCommands>
        <msDeploy><startPage>/start</startPage></msDeploy></installer></installers></entry>
        <dependencies><dependency id="named"><productId>Q</productId></dependency></dependencies></feed>""",
}


def real_files():
    """The real packages and feeds that are not part of this repository, where they are."""
    folder = Path(os.environ.get("IISWSGI_TEST_DATA") or SOURCE / ".." / "shared" / "data")
    return sorted(path for path in folder.rglob("*") if path.suffix in (".xml", ".in", ".config", ".zip"))


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_an_inspection_is_left_out(name, tmp_path):
    (tmp_path / name).write_text(FILES[name])
    assert_typed(tmp_path / name)


def test_nothing_of_a_package_or_of_real_files_is_left_out(project):
    typed = {assert_typed(iiswsgi.package(project.folder).path)}
    for path in real_files():
        try:
            typed.add(assert_typed(path))
        except InputError:
            pass  # A file that the library refuses.
    assert PackageContent in typed


def assert_typed(path):
    """All that the command tells of a file must be in the object; gives the type of it."""
    told = json.loads(library.function("inspect_file", "`inspect`")(os.fspath(path)))
    found = iiswsgi.inspect(path)
    missing = leaves(told) - leaves(found)
    assert not missing, f"{path}: {missing}"
    assert dataclasses.is_dataclass(found.content)
    return type(found.content)
