"""Hostile texts in what a saved notebook shows without a kernel, and in its conversions."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import nbformat
import pytest
from nbconvert import HTMLExporter

import labkit as lk
from labkit.learn.feedback import Feedback
from labkit.run import Run
from labkit.run.background.task import BackgroundTask
from labkit.views.cell_status import StatusLine, status_text

from .hostile import ADDRESS, HOSTILE, LONG, UNSAFE_IN_A_TERMINAL
from .hostile_run import hostile_run

VIEWS = (
    lk.Dashboard, lk.GradientView, lk.GraphView, lk.ActivationView, lk.FindingsView,
    lk.SamplesView, lk.LayersView,
)  # fmt: skip
DRAWN = {
    "svg", "g", "text", "tspan", "path", "rect", "polyline", "style", "defs", "marker", "image",
    "title",
}  # fmt: skip
ATTRIBUTES = {
    "viewBox", "width", "height", "role", "aria-label", "class", "x", "y", "d", "points", "id",
    "transform", "text-anchor", "rx", "refX", "refY", "markerWidth", "markerHeight", "orient",
    "marker-end", "fill", "stroke-width", "stroke-dasharray", "style", "href",
    "preserveAspectRatio",
    "{http://www.w3.org/XML/1998/namespace}space",
}  # fmt: skip
MAX_LETTERS = 200_000


@pytest.fixture(scope="module", params=[HOSTILE, (*HOSTILE[:4], *LONG)], ids=["short", "long"])
def run(request):
    return hostile_run(request.param)


def bundles(run, folder):
    views = [view(run) for view in VIEWS]
    run.save(folder / "hostile.lab")
    hostile_run(HOSTILE[::-1]).save(folder / "other.lab")
    views.append(lk.runs(folder).view())
    views.append(lk.compare(run, hostile_run(HOSTILE[::-1]), names=[run.name, HOSTILE[30]]))
    yield from (view._repr_mimebundle_()[0] for view in views)
    for view in views:
        view.close()


def test_pictures_have_only_what_labkit_draws(run, tmp_path):
    for bundle in bundles(run, tmp_path):
        assert len(bundle["image/svg+xml"]) < MAX_LETTERS
        for element in ElementTree.fromstring(bundle["image/svg+xml"]).iter():
            assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in DRAWN
            assert set(element.attrib) <= ATTRIBUTES
            assert element.get("href", "data:image/png").startswith("data:image/png")
            assert ADDRESS not in element.get("style", "")


def test_texts_are_bounded_and_do_nothing_in_a_terminal(run, tmp_path):
    for bundle in bundles(run, tmp_path):
        assert len(bundle["text/plain"]) < MAX_LETTERS
        assert not set(UNSAFE_IN_A_TERMINAL) - {"\t"} & set(bundle["text/plain"])


def test_a_table_of_runs_shows_names_of_files_and_runs_as_text(tmp_path):
    folder = tmp_path / "<b data-injected>\033[31m \u202e"
    folder.mkdir()
    for place, name in enumerate(("<img src=x onerror=x>", "red \033[31m", "\u202e")):
        hostile_run((*HOSTILE[place:], *HOSTILE[:place])).save(folder / f"{name}.lab")
    runs = lk.runs(folder)
    found = runs._repr_mimebundle_()
    bundle = found[0] if isinstance(found, tuple) else found
    for element in ElementTree.fromstring(bundle["image/svg+xml"]).iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in DRAWN
    for text in (bundle["text/plain"], repr(runs)):
        assert not set(UNSAFE_IN_A_TERMINAL) & set(text)


def test_a_page_has_the_elements_of_any_other(tmp_path):
    def elements(exported):
        parser = Injected()
        path = exported.export_html(tmp_path / "page.html")
        parser.feed(path.read_text())
        assert parser.found == []
        return parser.tags

    assert elements(hostile_run((*HOSTILE, LONG[0]))) == elements(Run("demo"))


class Injected(HTMLParser):
    """Finds elements and attributes that texts of a run would have made."""

    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        names = {name for name, _ in attributes}
        is_own = not any(ADDRESS in (value or "") for name, value in attributes if name != "title")
        if "data-injected" in names or any(name.startswith("on") for name in names) or not is_own:
            self.found.append((tag, attributes))


def test_a_converted_notebook_has_no_element_of_a_text(tmp_path):
    run = hostile_run()
    outputs = [
        nbformat.v4.new_output(
            "display_data",
            {kind: bundle[kind] for kind in ("text/plain", "image/svg+xml")},
        )
        for bundle in bundles(run, tmp_path)
    ]
    line = StatusLine(HOSTILE[0])
    frames = [run.to_frame(), run.events_frame(), *(Feedback("right", (t,)) for t in HOSTILE)]
    markup = [line._repr_mimebundle_()[0]["text/html"], *(each._repr_html_() for each in frames)]
    outputs += [nbformat.v4.new_output("display_data", {"text/html": text}) for text in markup]
    cell = nbformat.v4.new_code_cell("run", outputs=outputs)
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    parser = Injected()
    parser.feed(page.encode(errors="replace").decode())
    assert [each for each in parser.found if ADDRESS in str(each) or "injected" in str(each)] == []
    line.close()


def test_the_line_of_a_task_shows_an_error_as_text():
    for text in (*HOSTILE, LONG[0]):
        task = BackgroundTask(lambda text=text: raising(text), "training")
        task.start()
        task.wait()
        line = StatusLine(status_text(task))
        bundle = line._repr_mimebundle_()[0]
        assert "ValueError" in line.text
        assert len(line.text) < MAX_LETTERS
        assert not set(UNSAFE_IN_A_TERMINAL) - {"\t"} & set(bundle["text/plain"])
        assert "<" not in bundle["text/html"].removeprefix("<small>").removesuffix("</small>")
        line.close()


def raising(text):
    raise ValueError(text)
