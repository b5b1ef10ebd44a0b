"""A run as one HTML file: what it contains, its policy, its size, and where it is written."""

import base64
import gzip
import hashlib
import json
import re
import struct

import numpy as np
import pytest

import labkit as lk
from labkit.run import Run
from labkit.run.activations import Picture
from labkit.views import page_export
from labkit.views.html_page.contents import coarse_to_fine
from labkit.views.messages.exported import ExportedRecord
from tests.unit.run.saved_runs import full_run

from .pages import Page
from .test_protocol import check

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\ud800"


@pytest.fixture
def run():
    made = full_run()
    yield made
    made.close()


def blocks(page):
    """Return the data of a page by name."""
    return dict(
        re.findall(r'<script type="text/plain" data-labkit="([^"]*)">([^<]*)</script>', page)
    )


def records(page, place=0):
    """Return the records of a run as pairs of content and buffers."""
    data = gzip.decompress(base64.b64decode(blocks(page)[f"run {place}"]))
    found = []
    while data:
        (length,) = struct.unpack_from("<I", data)
        whole, data = data[4 : 4 + length], data[4 + length :]
        (size,) = struct.unpack_from("<I", whole)
        header, rest = json.loads(whole[4 : 4 + size]), whole[4 + size :]
        buffers = []
        for count in header["lengths"]:
            buffers.append(rest[:count])
            rest = rest[count:]
        assert not rest
        found.append((header["content"], buffers))
    return found


def questions(page, type):
    return [c["question"] for c, _ in records(page) if c["question"]["type"] == type]


def test_a_page_contains_everything_that_views_request(run, tmp_path):
    run.close()
    page = run.export_html(tmp_path / "demo.html").read_text()
    contents = [content for content, _ in records(page)]
    for content in contents:
        check(content, ExportedRecord)
    snapshot = contents[0]["reply"]
    assert snapshot["type"] == "snapshot"
    assert {table["id"] for table in snapshot["tables"]} == set(run.tables)
    assert snapshot["exported"] > 0
    assert [each["signature"] for each in questions(page, "graph")] == [
        graph.signature for graph in reversed(run.graphs)
    ]
    pictures = {(q["module"], q["kind"], q["step"]) for q in questions(page, "picture")}
    assert pictures == {
        (module, kind, step)
        for module, kind in run.activations.subjects()
        for step in run.activations.steps(module, kind)
    }
    histograms = {(q["bins"], name) for q in questions(page, "histograms") for name in q["names"]}
    assert {name for _, name in histograms} == {
        name.partition("/")[2] for name in run.histograms.names() if name.startswith("grad")
    }
    assert {q["name"] for q in questions(page, "inspect")} >= {"fc.weight"}
    assert len(questions(page, "subjects")) == 1


def test_a_loaded_run_gives_the_page_of_the_run(run, tmp_path):
    run.close()
    loaded = lk.load(run.save(tmp_path / "demo.lab"))
    own, other = (
        records(each.export_html(tmp_path / "a.html").read_text()) for each in (run, loaded)
    )
    kinds = lambda found: [content["question"] for content, _ in found[1:]]  # noqa: E731
    assert kinds(own) == kinds(other)
    assert other[0][0]["reply"]["run"]["read_from"] == "demo.lab"


def test_the_policy_allows_one_script_by_its_digest_and_no_connection(run, tmp_path):
    page = run.export_html(tmp_path / "demo.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert {name for name, rule in rules.items() if "unsafe-inline" in rule} == {"style-src-attr"}
    assert "'unsafe-eval'" not in policy
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"].split()[0] == f"'sha256-{digest}'"
    assert page.index("Content-Security-Policy") < page.index("<style")
    nonce = rules["style-src"][len("'nonce-") : -1]
    assert re.findall(r'<style nonce="([^"]*)"', page) == [nonce] * 3


def test_a_page_has_a_still_picture_and_its_text_for_browsers_without_scripts(run, tmp_path):
    page = run.export_html(tmp_path / "page.html").read_text()
    (figure,) = re.findall(r"<figure data-labkit-still hidden>.*?</figure>", page, re.DOTALL)
    (picture,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', figure)
    assert "Computation graph" in base64.b64decode(picture).decode()
    assert f"{run.steps:,} steps" in figure
    (rules,) = re.findall(r"<noscript><style[^>]*>(.*?)</style></noscript>", page)
    assert "figure[hidden] { display: block; }" in rules


def test_two_pages_have_different_nonces(run, tmp_path):
    pages = [run.export_html(tmp_path / f"{number}.html").read_text() for number in range(2)]
    nonces = {re.search(r"'nonce-([^']*)'", page)[1] for page in pages}
    assert len(nonces) == 2


def test_names_are_data(tmp_path):
    run = Run(HOSTILE)
    run.log(**{HOSTILE: 0.5})
    run.add_notice(HOSTILE, HOSTILE)
    run.close()
    page = run.export_html(tmp_path / "demo.html").read_text(encoding="utf-8")
    shown = re.compile(r"<(title|h1|figure)\b[^>]*>.*?</\1>", re.DOTALL)
    assert "alert(1)" not in shown.sub("", page)
    assert not any(piece in page for piece in ("<script>alert", "<img src=x"))
    title = re.search("<title>(.*?)</title>", page)[1]
    assert "&lt;/script&gt;" in title
    assert records(page)[0][0]["reply"]["run"]["name"].startswith("</script>")


def test_names_of_any_length_are_shortened_in_requests_as_in_replies(tmp_path):
    run = full_run(name="n" * 1_000_000)
    run.histograms.add("grad_linear/" + "p" * 100_000, 1, np.ones(40, np.float32), (0.0, 1.0))
    run.close()
    path = run.export_html(tmp_path / "long.html")
    assert path.stat().st_size < 3_000_000
    (asked,) = (c for c, _ in records(path.read_text()) if "p" * 100 in str(c["question"]))
    assert len(asked["question"]["names"][0]) < 4_000
    assert asked["question"]["names"] == asked["reply"]["names"]


def test_a_page_of_a_small_run_is_below_three_megabytes(run, tmp_path):
    size = run.export_html(tmp_path / "demo.html").stat().st_size
    assert 1_000_000 < size < 3_000_000


def run_with_pictures(count):
    run = Run("pictures")
    noise = np.random.default_rng(0)
    for step in range(count):
        values = noise.random((8, 32, 32), np.float32)
        panels = tuple(map(str, range(8)))
        run.activations.add(Picture("conv", "maps", step, values, panels, "height", "width"))
    run.log(accuracy=0.5)
    run.close()
    return run


def test_a_page_is_bounded_and_says_what_it_lacks(tmp_path):
    run = run_with_pictures(30)
    whole = run.export_html(tmp_path / "whole.html")
    assert len(questions(whole.read_text(), "picture")) == 30
    assert "left out" not in whole.read_text()
    limit = whole.stat().st_size / 1e6 - 0.5
    small = run.export_html(tmp_path / "small.html", max_megabytes=limit)
    assert small.stat().st_size <= limit * 1e6
    page = small.read_text()
    steps = [question["step"] for question in questions(page, "picture")]
    assert 10 < len(steps) < 30
    assert {0, 29} <= set(steps)
    assert f"{30 - len(steps)} pictures" in page
    least = run.export_html(tmp_path / "least.html", max_megabytes=0.1).read_text()
    assert questions(least, "picture") == []
    assert len(records(least)) == 1  # the curves


def test_any_beginning_of_the_order_covers_all_steps():
    for count in (1, 2, 3, 7, 64):
        steps = list(range(10, 10 + count))
        assert sorted(coarse_to_fine(steps)) == steps
    order = coarse_to_fine(range(100))
    gaps = np.diff(sorted(order[:12]))
    assert max(gaps) <= 2 * min(gaps) + 1  # rounded


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf"), "5"])
def test_a_wrong_size_is_refused(run, tmp_path, size):
    with pytest.raises(ValueError, match="max_megabytes is a number greater than 0"):
        run.export_html(tmp_path / "demo.html", max_megabytes=size)


def test_the_colours_are_those_of_the_system_or_chosen(run, tmp_path):
    assert "<body>" in run.export_html(tmp_path / "system.html").read_text()
    dark = run.export_html(tmp_path / "dark.html", theme="dark").read_text()
    assert '<body data-jp-theme-light="false">' in dark
    with pytest.raises(ValueError, match="theme is 'system', 'light' or 'dark', not 'blue'"):
        run.export_html(tmp_path / "blue.html", theme="blue")


def test_a_page_is_written_whole_and_replaces_only_a_page(run, tmp_path):
    path = tmp_path / "new" / "demo.html"
    assert run.export_html(path) == path
    run.log(later=1.0)
    run.export_html(path)
    assert [each.name for each in path.parent.iterdir()] == ["demo.html"]
    other = tmp_path / "mine.html"
    other.write_text("<!DOCTYPE html><p>mine")
    with pytest.raises(ValueError, match="not a page that labkit has exported"):
        run.export_html(other)
    assert other.read_text() == "<!DOCTYPE html><p>mine"


def test_a_folder_gets_a_file_with_the_name_of_the_run(run, tmp_path):
    path = run.export_html(tmp_path)
    assert path.parent == tmp_path
    assert re.fullmatch(r"demo-\d{8}-\d{6}\.html", path.name)


@pytest.mark.parametrize(
    ("path", "error"), [(3, TypeError), (None, TypeError), ("", ValueError), ("a\0b", ValueError)]
)
def test_something_else_than_a_path_is_refused_with_an_example(run, path, error):
    with pytest.raises(error, match=r"export_html takes the path .*run\.export_html\("):
        run.export_html(path)


def test_a_folder_that_cannot_be_written_is_an_error_that_names_the_path(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Nothing was written"):
        run.export_html(tmp_path / "file" / "demo.html")


def test_an_output_of_a_notebook_is_the_page_in_a_frame_of_its_own(run):
    shown = run.interactive(height=500)
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == f"demo: running, {run.steps} steps"
    frame = bundle["text/html"]
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    assert "height: 500px" in frame
    assert frame.count("<iframe") == frame.count("<") - frame.count("</")


def test_a_comparison_is_a_page_with_its_runs(tmp_path):
    runs = full_run(name="a"), full_run(name="b")
    comparison = lk.compare(*runs, names=["SGD", "Adam"])
    page = comparison.export_html(tmp_path / "both.html").read_text()
    comparison.close()
    described = json.loads(base64.b64decode(blocks(page)["page"]))
    assert described["view"] == "comparison"
    assert [each["name"] for each in described["runs"]] == ["SGD", "Adam"]
    for place, run in enumerate(runs):
        assert records(page, place)[0][0]["reply"]["run"]["name"] == run.name
        run.close()


def test_the_values_of_a_live_model_are_those_of_the_moment(tmp_path):
    import torch

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(4, 2)).sum().backward()
            optimizer.step()
        page = run.export_html(tmp_path / "live.html").read_text()
    replies = {
        c["question"]["name"]: c["reply"] for c, _ in records(page) if "name" in c["question"]
    }
    assert replies["weight"]["value"]["shape"] == [1, 2]
    assert replies["weight"]["reason"] == "The values at step 3, when the page was saved."


def test_a_page_of_the_notebook_receives_the_page_in_parts(run, monkeypatch):
    monkeypatch.setattr(page_export, "_PART_SECONDS", 0.0)
    monkeypatch.setattr(page_export, "PART_BYTES", 300_000)
    run.close()
    page = Page(run, monkeypatch)
    page.ask({"type": "export", "request": 5})
    page.first(
        lambda content: content["type"] == "page" and content["index"] + 1 == content["count"]
    )
    messages = zip(page.received, page.buffers, strict=True)
    parts = [each for each in messages if each[0]["type"] == "page"]
    assert len(parts) > 1
    assert [content["index"] for content, _ in parts] == list(range(parts[0][0]["count"]))
    text = gzip.decompress(b"".join(buffers[0] for _, buffers in parts)).decode()
    assert records(text)[0][0]["reply"]["run"]["name"] == "demo"
