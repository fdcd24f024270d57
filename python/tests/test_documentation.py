"""The examples of the documentation and of docstrings do what they say."""

import doctest

import pytest
from projects import SOURCE


def test_the_examples_of_docs_python_md_are_true(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (SOURCE / "docs" / "python.md").read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text, {}, "python.md", "python.md", 0)
    assert len(test.examples) > 10
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.summarize().failed == 0


def test_the_examples_of_docstrings_are_true():
    import iiswsgi.api

    results = doctest.testmod(iiswsgi.api)
    assert (results.attempted, results.failed) == (3, 0)


@pytest.mark.parametrize("name", ["python.md", "migrate-from-wfastcgi.md"])
def test_links_between_documents_lead_somewhere(name):
    import re

    text = (SOURCE / "docs" / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([\w.-]+\.md)", text):
        assert (SOURCE / "docs" / target).is_file(), target
