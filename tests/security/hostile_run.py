"""A run in which every text that a view, a file or an export shows is hostile."""

import json

import numpy as np

from labkit.run import (
    ComputationGraph,
    Edge,
    Finding,
    ModelFacts,
    ModuleCall,
    Node,
    Run,
    Source,
)
from labkit.run.activations import Picture
from labkit.run.config import checked_config
from labkit.run.logged.sample import LoggedSample
from labkit.run.model_input import ModelInput
from labkit.run.run_setup import GroupSetup, SchedulerSetup

from .hostile import ADDRESS, HOSTILE

STEPS = 60
RULES = ("plateau", "spikes", "dead-units", "overfitting", "high-lr", "vanishing-gradients")
_PICTURED = 12
_LOGGED = 8


def hostile_run(texts=HOSTILE, name=None):
    """Return an ended run whose names, values and sentences are some texts."""
    run = Run(texts[0] if name is None else name)
    _describe(run, texts)
    run.begin()
    _record_rows(run, texts)
    run.add_graph(hostile_graph(texts), 1)
    _record_pictures(run, texts)
    _log(run, texts)
    _find(run, texts)
    run.close()
    return run


def hostile_graph(texts=HOSTILE, step=1):
    """Return a chain of module calls, each with a parameter, an operation and a source."""
    nodes, edges, modules = [Node("/x:0", "input", texts[0], "", (8, 4), texts[-1])], [], []
    for place, text in enumerate(texts):
        scope = f"{text}#{place + 1}"
        modules.append(ModuleCall(scope, text, place + 1, text, None, 10, Source(text, 3)))
        weight = Node(f"{scope}/w:0", "parameter", text, scope, (4,), parameters=(f"{text}.w",))
        kind, dims = ("failed" if place == 1 else "op"), (text, "4")
        op = Node(
            f"{scope}/{text}:0", kind, text, scope, (8, 4), text, text, 32, (), Source(text, place),
            text, text, text, dims,
        )  # fmt: skip
        edges += [Edge(nodes[-1].id, op.id, (8, 4)), Edge(weight.id, op.id, (4,), text)]
        nodes += [weight, op]
    nodes.append(Node("/loss:0", "output", "loss", "", ()))
    edges.append(Edge(nodes[-2].id, nodes[-1].id, ()))
    return ComputationGraph(tuple(nodes), tuple(edges), tuple(modules), step=step)


def hostile_figure(text):
    """Return the JSON of a figure of plotly with a text in every place that shows one."""
    link = f'{text} <a href="https://{ADDRESS}/a">link</a>'
    style = f'<span style="background:url(https://{ADDRESS}/s);cursor:url(https://{ADDRESS}/c)">s'
    image = {
        "name": "logo", "source": f"https://{ADDRESS}/image.png", "xref": "paper", "yref": "paper",
        "x": 0, "y": 1, "sizex": 1, "sizey": 1, "visible": True,
    }  # fmt: skip
    note = {"name": text, "text": link + style, "hovertext": link, "showarrow": False}
    button = {"label": text, "method": "relayout", "args": [{"images": [image]}]}
    menu = {"buttons": [button], "x": 0, "y": 0}
    trace = {
        "type": "scatter", "x": [1, 2], "y": [1, 2], "name": link, "text": [link, text],
        "hovertemplate": link, "mode": "lines+markers+text", "uid": text, "ids": [text, link],
        "meta": text, "customdata": [text, link], "transforms": [{"type": text}],
    }  # fmt: skip
    picture = {"type": "image", "source": f"https://{ADDRESS}/trace.png"}
    layout = {
        "title": {"text": link + style}, "images": [image], "annotations": [note],
        "font": {"family": f"x;background:url(https://{ADDRESS}/f)"},
        "updatemenus": [menu], "sliders": [{"steps": [button], "currentvalue": {"prefix": text}}],
        "xaxis": {"title": {"text": text}, "ticktext": [link], "tickvals": [1]},
        "template": {"layout": {"images": [image], "annotations": [note], "title": {"text": link}}},
        "modebar": {"add": ["sendDataToCloud"]}, "meta": {"a": text},
    }  # fmt: skip
    return json.dumps({"data": [trace, picture], "layout": layout, "frames": [{"name": text}]})


def _describe(run, texts):
    run.describe_model(ModelFacts(texts[1], 10, 8, tuple(f"{text}.w" for text in texts[:3])))
    run.config = checked_config({text: text for text in texts})
    run.note = "\n".join(texts)
    run.environment = dict(zip(texts, texts, strict=True))
    run.describe_setup({text: text for text in texts[:9]}, list(texts[:9]), texts[2])
    run.add_group_setups([GroupSetup(text, text, {text: text}) for text in texts])
    run.add_scheduler_setups([SchedulerSetup(text, {text: text}) for text in texts[:5]])


def _record_rows(run, texts):
    rng = np.random.default_rng(0)
    parameters = [f"{text}.w" for text in texts]
    for step in range(1, STEPS + 1):
        run.advance_to(step)
        run.add_table("loss", "loss", ["loss"]).append(step, [1 / step])
        run.add_table("lr/0", "lr", ["0"]).append(step, [0.1])
        for table in ("grad_norm", "weight_norm", "update_ratio"):
            values = np.exp(rng.normal(size=len(parameters))).astype(np.float32)
            run.add_table(table, table, parameters).append(step, values)
        for table in ("act_mean", "act_std", "act_dead"):
            values = rng.random(len(texts)).astype(np.float32)
            run.add_table(table, table, list(texts)).append(step, values)
        run.record_time(step)
    for text in texts:
        run.add_table(f"metric/{text}", "metric", [text]).append(STEPS, [0.5])
        run.histograms.add(f"grad/{text}.w", STEPS, np.arange(40, dtype=np.float32))
        run.histograms.add(f"act/{text}", STEPS, np.arange(40, dtype=np.float32), (-1.0, 2.0))


def _record_pictures(run, texts):
    values = np.random.default_rng(0).random((2, 4, 4), np.float32)
    tokens = (texts * 4)[:64]
    given = ModelInput("tokens", np.ones((1, 1, len(tokens)), np.float32), (len(tokens),), tokens)
    for text in texts[:_PICTURED]:
        run.activations.add(
            Picture(text, "units", STEPS, values, (text, text), text, text, (1,), (8, 2), given)
        )
    square = np.full((1, len(tokens), len(tokens)), 0.1, np.float32)
    run.activations.add(
        Picture(texts[0], "attention", STEPS, square, (texts[1],), "query", "key", given=given)
    )


def _log(run, texts):
    for place, text in enumerate(texts[:_LOGGED]):
        run.log(**{f"{text} ": np.full((8, 8, 3), place / _LOGGED)})
    run.log(**{"all texts": "\n".join(texts)})
    for text in texts[: _LOGGED // 2]:
        content = hostile_figure(text).encode(errors="replace")
        run.sample_log.add(LoggedSample(f"figure {text}", STEPS, "plotly", content, text))


def _find(run, texts):
    findings = [
        Finding(
            rule, "warning", text, (text, *texts[:3]), (1, STEPS), text, (text, text),
            (f"grad_norm/{text}.w",), f"{text}#1/{text}:0", f"{text}:3", text,
        )
        for rule, text in zip(RULES, texts, strict=False)
    ]  # fmt: skip
    run.findings_log.rules = RULES
    run.findings_log.record(findings, {}, STEPS, 3.0)
    run._findings = tuple(findings[:4])
    run.findings_log.record(findings[:4], dict.fromkeys(RULES, texts[0]), STEPS, 4.0)
    for text in texts[:9]:
        run.event_log.add(STEPS // 2, "lr", text, 0.1, 0.01, text=text, schedule="scale")
        run.event_log.add(STEPS // 3, "freeze", text, text=text)
        run.add_notice(text, text)
