"""Markdown files as pages: their links lead to other pages, their pictures lie beside them."""

import re

import pytest

from docs.api import guides as module
from docs.api.guides import copy_pictures, guides


@pytest.fixture
def repository(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.png").write_bytes(b"picture")
    (tmp_path / "Makefile").write_text("")
    (tmp_path / "README.md").write_text(
        "# labkit\n\n[![badge](https://site/badge.svg)](https://site) ![picture](docs/a.png)\n"
        "[cost](docs/cost.md#cpu) [make](Makefile) [site](https://site) [here](#start)\n"
    )
    (tmp_path / "docs" / "b.png").write_bytes(b"dark")
    (tmp_path / "docs" / "cost.md").write_text(
        '# What it costs\n\n[back](../README.md)\n<source srcset="b.png"><img src="a.png">\n'
    )
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def test_links_lead_to_pages_or_become_text(repository):
    readme, cost = guides()
    assert "[cost](cost.html#cpu) make [site](https://site) [here](#start)" in readme.text
    assert "[back](README.html)" in cost.text
    assert (readme.title, cost.title) == ("Overview", "What it costs")


def test_pictures_are_copied_and_those_of_other_sites_become_text(repository, tmp_path):
    found = guides()
    assert "[badge](https://site) ![picture](a.png)" in found[0].text
    copy_pictures(found, tmp_path)
    assert (tmp_path / "a.png").read_bytes() == b"picture"
    assert (tmp_path / "b.png").read_bytes() == b"dark"


def test_the_guides_of_the_repository_have_no_broken_links():
    found = guides()
    pages = {guide.page for guide in found}
    for guide in found:
        linked = re.findall(r"\]\(([\w.-]+\.html)", guide.text)
        assert set(linked) <= pages
        assert all(picture.exists() for picture in guide.pictures)
