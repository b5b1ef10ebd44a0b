"""The Markdown files: their links lead somewhere, and their Python examples run."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import torch

import labkit as lk
from labkit.insight.rules import RULES
from labkit.run import Run

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "notebooks" / "README.md"])
USAGE = ROOT / "docs" / "usage.md"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|\b(?:src|srcset|href)=\"([^\"]+)\"")
BADGE = re.compile(r"\[!\[[^\]]*\]\([^)]*\)\]")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEST_NAME = re.compile(r"`(test_\w+)`")


LOGARITHM = """
class Rate(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(x).log()

torch.manual_seed(0)
model = Rate()
nn.init.constant_(model.head.bias, 3.0)
optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
x = torch.rand(64, 4)
with lk.watch(model, show=False) as run:
    for _ in range(10):
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
"""A loop whose second loss is NaN; its logarithm is in line 8."""


def prose(path):
    """Return a document without its fenced code."""
    return FENCED.sub("", path.read_text())


def anchors(path):
    """Return the anchors that GitHub gives to a document's headings."""
    headings = (re.sub(r"[^\w\- ]", "", text.lower()) for text in HEADING.findall(prose(path)))
    return {heading.replace(" ", "-") for heading in headings}


def python_blocks(path):
    return [code for language, code in FENCED.findall(path.read_text()) if language == "python"]


def without_numbers(text):
    """Return a text with its decimal numbers replaced, which depend on the version of torch."""
    return re.sub(r"-?\d+\.\d+", "0.0", text)


def run_blocks(blocks, namespace, where):
    """Execute blocks one after the other in one namespace, without what they print."""
    with redirect_stdout(io.StringIO()):
        for number, code in enumerate(blocks, 1):
            exec(compile(code, f"{where}, Python block {number}", "exec"), namespace)
    return namespace


def broken_links(path):
    """Return the links to files and headings of the repository that do not exist."""
    broken = []
    for found in LINK.finditer(BADGE.sub("[]", prose(path))):
        link = found[1] or found[2]
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.fixture(autouse=True)
def ended_runs():
    """End the runs that examples leave open, whose hooks would affect other tests."""
    yield
    for run in Run.open_runs():
        run.close()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_are_valid(path):
    assert broken_links(path) == []


def test_a_missing_file_and_a_missing_heading_are_broken_links(tmp_path):
    page = tmp_path / "page.md"
    links = '[a](page.md#a-title) [b](#b) [c](c.md) <img src="d.png">'
    page.write_text(f"# A title\n{links}\n```\n[e](e.md)\n```\n")
    assert broken_links(page) == ["#b", "c.md", "d.png"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_pictures_have_a_text(path):
    text = path.read_text()
    assert "![](" not in text
    assert [tag for tag in re.findall(r"<img [^>]*>", text) if ' alt="' not in tag] == []


def test_the_examples_of_the_usage_page_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    run_blocks(python_blocks(USAGE), {}, "docs/usage.md")


def test_the_examples_of_the_readme_run_with_the_model_of_the_usage_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepared = run_blocks(python_blocks(USAGE)[:1], {}, "docs/usage.md")
    loop, keeping = python_blocks(ROOT / "README.md")
    run_blocks([loop], prepared, "README.md")
    assert prepared["run"].steps == len(prepared["loader"])
    run_blocks([keeping], prepared, "README.md")
    assert prepared["run"].config == {"width": 64}


def test_the_finding_of_the_readme_is_one_that_labkit_reports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(LOGARITHM)
    namespace = {"torch": torch, "nn": torch.nn, "lk": lk, "__name__": "train"}
    exec(compile(LOGARITHM, "train.py", "exec"), namespace)
    (finding,) = namespace["run"].findings
    readme = (ROOT / "README.md").read_text()
    for text in (without_numbers(finding.message), finding.cause, *finding.advice):
        assert text in without_numbers(readme), text


def test_the_readme_states_the_number_of_rules():
    assert f"There are {len(RULES)} rules" in (ROOT / "README.md").read_text()


def test_the_tests_named_in_the_limitations_exist():
    sources = "".join(path.read_text() for path in ROOT.glob("tests/**/*.py"))
    text = (ROOT / "LIMITATIONS.md").read_text()
    names = set(TEST_NAME.findall(text))
    assert {name for name in names if f"def {name}(" not in sources} == set()
    files = re.findall(r"`(tests/[\w/]+\.(?:py|sh))`", text)
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_every_notebook_is_listed_in_the_course_and_every_document_in_the_readme():
    course = (ROOT / "notebooks" / "README.md").read_text()
    notebooks = [path.name for path in ROOT.glob("notebooks/*.ipynb")]
    assert [name for name in notebooks if f"]({name})" not in course] == []
    readme = (ROOT / "README.md").read_text()
    pages = [f"docs/{path.name}" for path in ROOT.glob("docs/*.md")]
    assert [page for page in pages if page not in readme] == []
