"""The commands of setup.py, with and without one, and the faults of the original that are mended."""

import json
import os
import sys
import sysconfig
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from projects import APPLICATION_HOST, WSGI, Project

ATOM = "{http://www.w3.org/2005/Atom}"
SCRIPTS = Path(sys.executable).parent


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "shop")


def test_a_package_and_its_feed_by_setup_py(project):
    project.classic(", title='The Shop', keywords='python, web shop'")
    project.setup("bdist_msdeploy", "bdist_webpi", "-m", ".", "-u", "https://example.org/{msdeploy_file}")
    assert project.names("dist/*") == [
        "dist/shop-1.0.msdeploy.zip",
        "dist/shop-1.0.webpi.xml",
        "dist/shop.SetParameters.xml",
        "dist/shop.deploy.cmd",
    ]
    entry = ElementTree.parse(project.folder / "dist/shop-1.0.webpi.xml").find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "The Shop"
    assert entry.findtext(f".//{ATOM}installerURL") == "https://example.org/shop-1.0.msdeploy.zip"
    assert len(entry.findtext(f".//{ATOM}sha1")) == 40


def test_a_project_without_setup_py_has_the_same_commands(project):
    project.write("wsgi.py", WSGI).write("other.py", "").write(
        "pyproject.toml", "[project]\nname = 'shop'\nversion = '2.0'\n"
    )
    project.iiswsgi("setup", "bdist_msdeploy")
    assert "dist/shop-2.0.msdeploy.zip" in project.names("dist/*")
    assert "usage: python -m iiswsgi setup" in project.iiswsgi("setup", code=2)


def test_both_ways_give_the_same_bytes(project, tmp_path):
    project.classic().setup("bdist_msdeploy")
    twin = Project(tmp_path / "twin" / "shop").classic()
    twin.iiswsgi("package")
    name = "dist/shop-1.0.msdeploy.zip"
    assert (project.folder / name).read_bytes() == (twin.folder / name).read_bytes()


def test_egg_names_are_those_of_the_original(project):
    project.classic().write("setup.py", project.read("setup.py").replace("'1.0'", "'1.0.dev1'"))
    project.setup("bdist_msdeploy", "--egg-names", "bdist_webpi", "--egg-names", "-m", ".")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = f"shop-1.0.dev1-py{python}-{sysconfig.get_platform()}.msdeploy.zip"
    assert f"dist/{name}" in project.names("dist/*")
    assert name in project.read("dist/shop-1.0.dev1.webpi.xml")


def test_metadata_that_setup_py_computes_is_used(project):
    project.classic().write("setup.py", "from setuptools import setup\nsetup(**dict(name='sh' + 'op', version=str(3)))\n")
    project.setup("bdist_msdeploy")
    assert "dist/shop-3.msdeploy.zip" in project.names("dist/*")


def test_aliases_and_options_of_setup_cfg_are_followed(project):
    project.classic().write("setup.cfg", "[aliases]\nship = bdist_msdeploy bdist_webpi\n[bdist_webpi]\nmsdeploy_bdists = .\n")
    project.setup("ship")
    assert "dist/shop-1.0.webpi.xml" in project.names("dist/*")


def test_command_packages_of_the_original_is_still_good(project):
    project.classic().write("setup.cfg", "[global]\ncommand_packages = iiswsgi\n").setup("bdist_msdeploy")
    assert "dist/shop-1.0.msdeploy.zip" in project.names("dist/*")


def test_build_msdeploy_makes_manifest_and_stamp(project):
    project.classic().setup("build_msdeploy")
    assert project.read("iis_install.stamp") == "# not set up"
    manifest = project.read("Manifest.xml")
    assert 'iisApp path="shop"' in manifest
    assert "MSDeploy.MSDeployProviderOptions" in manifest


def test_a_missing_template_warns_and_goes_on(project):
    project.write("wsgi.py", WSGI).write("setup.py", "from setuptools import setup\nsetup(name='a', version='1')\n")
    assert "No Web Deploy manifest template found" in project.setup("build_msdeploy")
    assert "Manifest.xml" not in project.names()


def test_test_msdeploy_requests_over_fastcgi(project):
    project.classic()
    project.setup("test_msdeploy", "--app", "wsgi:application", "--url", "/page")
    project.write("wsgi.py", "def application(environ, start_response):\n    raise RuntimeError('out of stock')\n")
    assert "out of stock" in project.setup("test_msdeploy", "--app", "wsgi:application", code=1)


def test_test_msdeploy_serves_a_paste_configuration(project):
    project.classic().write("shop.ini", "[app:main]\nuse = egg:iiswsgi#test_app\n")
    project.setup("test_msdeploy", "--config-file", "shop.ini")
    assert "does not exist" in project.setup("test_msdeploy", "-c", "none.ini", code=1)


def test_test_msdeploy_takes_a_redirect_for_success_and_not_found_for_failure(project):
    # The original took every status but 200 for a failure.
    project.classic().write(
        "wsgi.py",
        "def application(environ, start_response):\n"
        "    start_response('302 Found' if environ['PATH_INFO'] == '/' else '404 Not Found', [('Location', '/x')])\n"
        "    return []\n",
    )
    project.setup("test_msdeploy", "-a", "wsgi:application")
    assert "404" in project.setup("test_msdeploy", "-a", "wsgi:application", "-u", "/none", code=1)


def test_test_msdeploy_does_not_make_its_own_flags_part_of_the_query(project):
    # The original's `-v` arrived as QUERY_STRING.
    project.classic().write(
        "wsgi.py",
        "def application(environ, start_response):\n"
        "    start_response('200 OK' if environ['QUERY_STRING'] == 'a=b' else '500 Wrong', [])\n    return []\n",
    )
    project.setup("-v", "test_msdeploy", "-a", "wsgi:application", "-u", "/?a=b")


CUSTOM = """
import os
from setuptools import setup
from iiswsgi import install_msdeploy

class install_shop(install_msdeploy.install_msdeploy):
    def install_project(self):
        pass

    def run(self):
        os.environ["COLOUR"] = "a & b"
        self.pre_install()
        assert os.path.exists("web.config")
        open("made.txt", "w").close()
        self.post_install()

setup(name="shop", version="1.0", py_modules=["wsgi"], cmdclass={"install_msdeploy": install_shop})
"""


def test_variables_of_a_custom_installation_reach_web_config(project):
    host = project.classic().write("setup.py", CUSTOM).write("host.config", APPLICATION_HOST).folder / "host.config"
    project.write("web.config.in", project.read("web.config.in").replace('maxInstances="2"', 'monitorChangesTo="%COLOUR%"'))
    project.setup("install_msdeploy", f"--application-host={host}")
    assert 'monitorChangesTo="a &amp; b"' in project.read("web.config")
    assert "made.txt" in project.names()
    applications = ElementTree.parse(host).findall(".//fastCgi/application")
    assert [application.get("arguments") for application in applications] == [
        "-m iiswsgi serve wsgi:application",
        "-m iiswsgi serve other:application",
    ]


def test_without_an_iis_registration_is_left_out_and_said(project):
    project.classic().write("setup.py", CUSTOM)
    assert "there is no IIS here" in project.setup("install_msdeploy", env={"WINDIR": ""})


def test_steps_of_an_installation_hand_their_variables_over(project):
    project.classic().write("setup.py", CUSTOM)
    project.python("-m", "iiswsgi.installation", "handed.json", "install_msdeploy")
    assert json.loads(project.read("handed.json"))["COLOUR"] == "a & b"
    assert "made.txt" in project.names()


def test_entry_points_run_in_an_installation(project):
    project.write("deployment.py", "def install(installation):\n    installation.environ['FOLDER'] = installation.folder.name\n")
    project.write("shop-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    project.write("shop-1.0.dist-info/entry_points.txt", "[iiswsgi.install]\nshop = deployment:install\n")
    env = {"PYTHONPATH": str(project.folder), "APPL_PHYSICAL_PATH": str(project.folder)}
    project.python("-m", "iiswsgi.installation", "handed.json", env=env)
    assert json.loads(project.read("handed.json")) == {"FOLDER": "shop"}


def test_count_is_the_number_at_the_end_of_the_folder(tmp_path):
    for name, count in (("App3", 3), ("App", 0), ("A1b22", 22)):
        project = Project(tmp_path / name).classic().write("setup.py", CUSTOM.replace("self.pre_install()", "print('count', self.count); return"))
        assert f"count {count}\n" in project.setup("install_msdeploy")


def test_clean_webpi_and_clean_msdeploy(project, tmp_path):
    project.classic()
    cache = tmp_path / "cache"
    (cache / "installers" / "shop").mkdir(parents=True)
    (cache / "broken.xml").write_text("<feed")
    for name in ("one.xml", "two.xml"):
        (cache / name).write_text('<feed xmlns="http://www.w3.org/2005/Atom"><id>https://example.org/shop</id></feed>')
    project.setup("clean_webpi", "-m", ".", "-c", cache)
    assert sorted(path.name for path in cache.rglob("*")) == ["broken.xml", "installers"]
    assert "Nothing is installed here" in project.setup("clean_msdeploy")
    project.iiswsgi("package")
    assert "Default Web Site/shop is not installed" in project.setup("clean_msdeploy")


# The faults of the original, one test each.


def test_fault_manifest_name_was_no_option(project):
    project.classic().setup("build_msdeploy", "--manifest-name", "Manifest.xml")
    assert "Manifest.xml" in project.names()


def test_fault_msdeploy_exe_took_no_value(project):
    assert "has no effect" in project.classic().setup("build_msdeploy", "--msdeploy-exe", "/x")


def test_fault_settings_were_lost_without_msdeploy_exe(project):
    project.classic().setup("build_msdeploy")
    import iiswsgi

    provider = iiswsgi.inspect(project.folder / "Manifest.xml").content.providers[1]
    assert {pair.name: pair.value for pair in provider.options.settings} == {
        "waitAttempts": "10",
        "waitInterval": "60000",
        "successReturnCodes": "0x0",
    }


def test_fault_an_apostrophe_stopped_the_expansion(project):
    project.classic().setup("build_msdeploy")
    project.write("Manifest.xml.in", project.read("Manifest.xml.in").replace("<iisApp", "<!-- don't -->\n  <iisApp"))
    project.setup("build_msdeploy")
    assert 'path="shop"' in project.read("Manifest.xml")


def test_fault_msdeploy_bdists_of_clean_webpi_was_taken_letter_by_letter(project, tmp_path):
    (tmp_path / "cache").mkdir()
    project.classic().setup("clean_webpi", "--msdeploy-bdists", ".", "--webpi-cache", tmp_path / "cache")


def test_fault_clean_webpi_failed_without_a_cache(project):
    project.classic().setup("clean_webpi", "-m", ".", env={"LOCALAPPDATA": ""})


def test_fault_the_setup_keyword_beat_the_url_template_option(project):
    project.classic(", msdeploy_url_template='https://wrong.example/{msdeploy_file}'").setup("bdist_msdeploy")
    project.setup("bdist_webpi", "-m", ".", "-u", "https://right.example/{msdeploy_file}")
    assert "https://right.example/shop-1.0.msdeploy.zip" in project.read("dist/shop-1.0.webpi.xml")
    project.setup("bdist_webpi", "-m", ".")
    assert "https://wrong.example/shop-1.0.msdeploy.zip" in project.read("dist/shop-1.0.webpi.xml")


def test_fault_a_missing_parameters_file_left_half_a_zip(project):
    project.classic()
    (project.folder / "Parameters.xml").unlink()
    project.setup("bdist_msdeploy")
    with zipfile.ZipFile(project.folder / "dist/shop-1.0.msdeploy.zip") as archive:
        assert archive.testzip() is None
        assert "Parameters.xml" in archive.namelist()


def test_fault_bdist_msdeploy_installed_on_the_build_machine(project):
    before = project.classic().names()
    project.setup("bdist_msdeploy")
    made = set(project.names()) - set(before)
    assert made <= {"dist", ".iiswsgi", "shop.egg-info", "__pycache__"}
    assert "web.config" not in project.names()


def test_fault_a_feed_of_non_ascii_metadata_was_emptied(project):
    project.classic(", description='Lädchen: schön'").setup("bdist_msdeploy", "bdist_webpi", "-m", ".")
    assert "Lädchen: schön" in project.read("dist/shop-1.0.webpi.xml")


def test_fault_keywords_without_commas_became_one(project):
    project.classic(", keywords='python IIS WSGI'").setup("bdist_msdeploy", "bdist_webpi", "-m", ".")
    root = ElementTree.parse(project.folder / "dist/shop-1.0.webpi.xml")
    entry = root.find(f"{ATOM}entry")
    assert {"python", "IIS", "WSGI"} <= {found.text for found in entry.iter(f"{ATOM}keywordId")}


def test_fault_only_the_first_application_was_registered_and_twice_was_an_error(project):
    host = project.classic().write("host.config", APPLICATION_HOST).folder / "host.config"
    project.iiswsgi("configure", "--skip-registration")
    script = [SCRIPTS / "iiswsgi_install_fcgi_app"]
    for _ in range(2):
        output = project.python(*script, "--application-host", host, "--max-instances", "4")
        applications = ElementTree.parse(host).findall(".//fastCgi/application")
        assert [application.get("maxInstances") for application in applications] == ["4", "4"]
    assert "was registered before" in output


def test_fault_iiswsgi_install_crashed_without_v(project):
    output = project.python(SCRIPTS / "iiswsgi_install", "-a", "Shop", code=3)
    assert "Traceback" not in output
    assert "hint: " in output


def test_fault_the_console_script_iiswsgi_could_not_start(project):
    assert "Ships Python web applications" in project.python(SCRIPTS / "iiswsgi", "--help")
    assert "usage: python -m iiswsgi serve" in project.python(SCRIPTS / "iiswsgi", "serve", "--help")


def test_fault_test_app_did_not_escape(project):
    from iiswsgi.paste import test_app

    page = b"".join(test_app()({"QUERY_STRING": "<script>"}, lambda status, headers: None))
    assert b"<script>" not in page


@pytest.mark.parametrize(
    ("keyword", "message"),
    [
        ("title=['a']", "The title option must be a string"),
        ("install_webpi='a'", "The install_webpi option must be a list"),
    ],
)
def test_keywords_of_a_wrong_type_are_refused(project, keyword, message):
    assert message in project.classic(f", {keyword}").setup("--version", code=1)


def test_errors_have_three_parts_and_their_label_once(project):
    project.classic().write("Manifest.xml.in", "<broken")
    output = project.setup("bdist_msdeploy", code=1)
    assert output.count("\nerror: ") == 1
    assert "Manifest.xml.in" in output
    assert "hint: " in output
    assert "Traceback" not in output


def test_a_gateway_alone_says_what_to_do(project, monkeypatch):
    program = (
        "import sys\nfrom iiswsgi import _iiswsgi\n"
        "[delattr(_iiswsgi, name) for name in ('call', 'command')]\n"
        "from iiswsgi.command import main\nsys.exit(main(['package']))\n"
    )
    output = project.write("wsgi.py", WSGI).python("-c", program, code=2)
    assert "gateway alone" in output
    assert "hint: Install a published wheel" in output
    assert os.path.exists(project.folder)
