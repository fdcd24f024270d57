"""The two examples of the original, in our words, by `setup.py` and by the command: the same bytes."""

import shutil
from xml.etree import ElementTree

import pytest
from projects import EXAMPLES, Project


@pytest.mark.parametrize(
    ("folder", "name"), [("pyramid.msdeploy", "PyramidIISApp-0.2"), ("sample.msdeploy", "WSGISampleIISApp-0.2")]
)
def test_setup_py_and_the_command_make_the_same_package(tmp_path, folder, name):
    made = []
    for way in ("setup", "run"):
        project = Project(shutil.copytree(EXAMPLES / folder, tmp_path / way / folder))
        if way == "setup":
            project.setup("bdist_msdeploy", "bdist_webpi", "-m", ".")
        else:
            project.iiswsgi("run", "--skip", "install,test")
        made.append((project.folder / "dist" / f"{name}.msdeploy.zip").read_bytes())
        feed = ElementTree.parse(project.folder / "dist" / f"{name}.webpi.xml")
        assert feed.find(".//{*}productId").text == name.split("-")[0]
    assert made[0] == made[1]


def test_the_sample_sets_itself_up_where_it_is(tmp_path):
    project = Project(shutil.copytree(EXAMPLES / "sample.msdeploy", tmp_path / "sample7"))
    project.python("-m", "iiswsgi.installation", "handed.json", "install_msdeploy")
    assert '"SAMPLE_INSTANCE": "instance 7"' in project.read("handed.json")
    assert project.read("database.txt") == "made\n"
    project.setup("test_msdeploy")
