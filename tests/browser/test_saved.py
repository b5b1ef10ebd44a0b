"""Saved notebooks whose kernel is gone, opened again in JupyterLab."""

import nbformat
import pytest
from playwright.sync_api import expect

from labkit.views.saved_output import VIEW_MIME_TYPE

pytestmark = pytest.mark.browser

TRAINING = """
import torch
import labkit as lk
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
run = lk.watch(model, name="saved run")
for _ in range(400):
    optimizer.zero_grad()
    model(torch.ones(4, 3)).square().mean().backward()
    optimizer.step()
"""
OTHERS = """
view = lk.CurvesView(run)
display(view, lk.graph(model, torch.ones(1, 3)))
lk.stepper(model(torch.ones(1, 3)).sum())
"""
CLOSED = "view.close()"


def test_a_reopened_notebook_shows_what_was_saved(open_new_page):
    book = open_new_page([TRAINING, OTHERS, CLOSED])
    stills = book.page.locator(".labkit-still:visible")
    errors = book.page.get_by_text("Error displaying widget").locator("visible=true")
    for cell in range(3):
        book.run_cell(cell)
        book.await_idle()
    expect(book.view("stepper")).to_be_visible()
    expect(book.page.locator('[data-labkit-view="curves"]')).to_have_count(1)  # the dashboard's
    expect(stills).to_have_count(0)
    book.save()
    outputs = [
        output.data
        for cell in nbformat.read(book.path, 4).cells
        for output in cell.outputs
        if VIEW_MIME_TYPE in output.get("data", {})
    ]
    assert [len(str(output)) < 200_000 for output in outputs] == [True] * 4
    assert "idle, 400 steps" in outputs[0]["text/plain"]

    book.lab.end_kernels(book.path.name)
    book.open()  # which starts another kernel
    expect(stills).to_have_count(4)
    assert "400 steps" in stills.first.locator("img").get_attribute("alt")
    expect(errors).to_have_count(0)

    untrusted = nbformat.read(book.path, 4)
    untrusted.cells[0].source += "\n# from elsewhere"
    untrusted.cells[0].outputs[0].data["text/plain"] += " of somebody"
    nbformat.write(untrusted, book.path)
    book.open()
    expect(stills).to_have_count(4)
    assert book.errors == []
