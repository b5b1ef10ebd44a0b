/** An event of the walk with its formula and its values. */

import type { Formula, Phase } from "../../messages/stepper";
import { make } from "../../parts/element";
import { formatValue } from "../../parts/format";
import type { NodeNames } from "./node-names";
import { drawValue } from "./value-view";
import type { Flow, Value, WalkEvent } from "./walk";

const PHASES: Readonly<Record<Phase, readonly [name: string, explanation: string]>> = {
  forward: ["Forward", "Values are computed, and autograd notes how."],
  backward: ["Backward", "Gradients go back from the loss, by the chain rule."],
  accumulate: ["Accumulate", "A leaf's gradient has arrived and is added to its .grad."],
};

/** What PyTorch's short names of operations stand for. */
const MEANINGS: Readonly<Record<string, string>> = {
  t: "transpose: rows become columns",
  mm: "product of two matrices (@)",
  mv: "product of a matrix and a vector (@)",
  bmm: "products of two batches of matrices (@)",
  addmm: "a product of two matrices plus a bias, as in a linear layer",
  rsub: "subtraction from a number",
  neg: "change of sign",
  mul: "multiplication, element by element",
  pow: "power",
  mseloss: "mean squared error",
};

export function drawEvent(event: WalkEvent, names: NodeNames): HTMLElement {
  const [phase, explanation] = PHASES[event.phase];
  const body =
    event.phase === "forward"
      ? forward(event, names)
      : event.phase === "backward"
        ? backward(event, names)
        : accumulate(event);
  return make(
    "div",
    { class: "labkit-stepper-event" },
    make(
      "p",
      { class: "labkit-stepper-head" },
      make(
        "span",
        { class: `labkit-stepper-phase labkit-stepper-${event.phase}`, title: explanation },
        phase,
      ),
      make(
        "strong",
        { title: MEANINGS[names.operationOf(event.node)] ?? "" },
        names.of(event.node),
      ),
      make("span", { class: "labkit-stepper-about" }, names.locationOf(event.node)),
    ),
    make("p", {}, event.words),
    ...body,
  );
}

function forward(event: WalkEvent, names: NodeNames): HTMLElement[] {
  const inputs = event.inputs.map((flow) =>
    labelled(`${names.of(flow.node)}${ofResult(flow)}`, flow.value),
  );
  const several = event.outputs.length > 1;
  const result = names.roleOf(event.node) || "result";
  const outputs = event.outputs.map((flow) =>
    labelled(several ? `result ${flow.output + 1}` : result, flow.value),
  );
  return [
    section(
      "comes in",
      ...(inputs.length ? inputs : [make("p", {}, "Nothing that autograd follows.")]),
    ),
    ...(event.formula ? [section("formula", code(event.formula.forward, event.formula))] : []),
    section("= result", ...outputs),
  ];
}

function backward(event: WalkEvent, names: NodeNames): HTMLElement[] {
  const factors = scalarFactors(event);
  const local = event.formula
    ? event.formula.backward.map(([input, derivative]) =>
        make(
          "p",
          {},
          make("span", { class: "labkit-stepper-about" }, `gradient to ${input} = `),
          code(derivative, event.formula),
        ),
      )
    : [make("p", {}, "Not in labkit's table; the numbers are those of autograd.")];
  const several = factors.length > 1;
  for (const { node, factor } of [...factors].reverse()) {
    const number = make("strong", { class: "labkit-stepper-number" }, formatValue(factor));
    const name = make("span", { class: "labkit-stepper-name" }, `to ${names.of(node)}`);
    local.unshift(make("p", {}, ...(several ? [name, number] : [number])));
  }
  return [
    section("gradient in", ...gradientsIn(event)),
    section("× local derivative", ...local),
    section(
      "= gradient out",
      ...event.outputs.map((flow) =>
        labelled(`to ${names.of(flow.node)}${ofResult(flow)}`, flow.value),
      ),
    ),
  ];
}

function gradientsIn(event: WalkEvent): HTMLElement[] {
  if (event.inputs.length === 1) return event.inputs.map((flow) => drawValue(flow.value));
  return event.inputs.map((flow) => labelled(`for result ${flow.output + 1}`, flow.value));
}

/** Returns which result of an operation a value is, for all but the first. */
function ofResult(flow: Flow): string {
  return flow.output > 0 ? `, result ${flow.output + 1}` : "";
}

function accumulate(event: WalkEvent): HTMLElement[] {
  return [
    section(".grad before", ...(event.before ? [drawValue(event.before)] : [])),
    section("+ gradient", ...event.inputs.map((flow) => drawValue(flow.value))),
    section("= .grad after", ...(event.after ? [drawValue(event.after)] : [])),
  ];
}

/** Returns the local derivatives if all inputs and outputs are scalars. */
function scalarFactors(event: WalkEvent): { readonly node: string; readonly factor: number }[] {
  const [into, ...others] = event.inputs.map(single);
  if (others.length > 0 || into === undefined || into === null || into === 0) return [];
  return event.outputs.flatMap((flow) => {
    const out = single(flow);
    return out === null ? [] : [{ node: flow.node, factor: out / into }];
  });
}

function single(flow: Flow): number | null {
  const { numbers, whole } = flow.value;
  return whole && numbers?.length === 1 ? (numbers[0] ?? null) : null;
}

function labelled(name: string, value: Value): HTMLElement {
  return make("div", {}, make("span", { class: "labkit-stepper-name" }, name), drawValue(value));
}

function section(title: string, ...content: HTMLElement[]): HTMLElement {
  return make("section", {}, make("h4", {}, title), ...content);
}

/** The formula; where it is from is its tooltip. */
function code(text: string, formula: Formula | null): HTMLElement {
  const from = formula ? `From PyTorch's own table of derivatives: ${formula.source}` : "";
  return make("code", { title: from }, text);
}
