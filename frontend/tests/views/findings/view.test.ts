// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Finding } from "../../../src/messages/run";
import { drawFindings } from "../../../src/views/findings/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";

function finding(facts: Partial<Finding> = {}): Finding {
  return {
    rule: "dead-units",
    severity: "warning",
    message: "90% of the units of <b>fc1</b> are dead.",
    where: ["fc1"],
    steps: [40, 60],
    cause: "A step that was too large.",
    advice: ["Lower the learning rate."],
    series: ["act_dead/fc1"],
    node: "fc1#1/addmm:0",
    line: "model.py:12",
    chapter: "08_cnn",
    ...facts,
  };
}

let root: HTMLElement;
let session: StubSession;

beforeEach(() => {
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new StubSession();
  drawFindings(root, session);
});

function tell(...findings: Finding[]): void {
  session.state = stateOf({ step: 60 });
  session.findings = findings;
  session.notify("frame");
}

function button(name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll("button")].find((each) => each.textContent === name);
  if (!found) throw new Error(`no button ${name}`);
  return found;
}

describe("the findings", () => {
  it("show the message, cause and advice, without interpreting names as markup", () => {
    tell(finding());
    expect(root.querySelector("summary")?.textContent).toContain("<b>fc1</b> are dead");
    expect(root.querySelector("summary b")).toBeNull();
    expect(root.textContent).toContain("A step that was too large.");
    expect(root.textContent).toContain("Lower the learning rate.");
    expect(root.textContent).toContain("Chapter 08, cnn");
    expect(root.querySelector("[role=img]")?.getAttribute("aria-label")).toContain("Warning");
  });

  it("select the step, the node and the layer", () => {
    tell(finding());
    button("Look at step 40").click();
    expect(session.cursor).toBe(40);
    button("Show in the graph").click();
    expect(session.selected).toBe("fc1#1/addmm:0");
    button("fc1").click();
    expect(session.selected).toBe("fc1");
  });

  it("are updated in place, stay open, and are removed", () => {
    tell(finding());
    const card = root.querySelector("li.labkit-finding");
    const details = root.querySelector("details") as HTMLDetailsElement;
    details.open = true;
    tell(finding({ rule: "loss-not-finite", severity: "error" }), finding({ message: "95%." }));
    const cards = [...root.querySelectorAll("li.labkit-finding")];
    expect(cards.map((each) => (each as HTMLElement).dataset.labkitFinding)).toEqual([
      "loss-not-finite",
      "dead-units",
    ]);
    expect(cards[1]).toBe(card);
    expect([card?.contains(details), details.open]).toEqual([true, true]);
    expect(card?.textContent).toContain("95%.");
    tell();
    expect(root.querySelectorAll("li.labkit-finding")).toHaveLength(0);
    expect(root.textContent).toContain("Nothing is wrong");
  });

  it("stay open when the output is displayed again", async () => {
    tell(finding());
    const details = root.querySelector("details") as HTMLDetailsElement;
    details.open = true;
    await vi.waitFor(() => {
      const again = document.createElement("div");
      drawFindings(again, session);
      expect(again.querySelector("details")?.open).toBe(true);
    });
  });

  it("link to the chapter if Jupyter serves the course, and name it otherwise", () => {
    const told = document.createElement("script");
    told.id = "jupyter-config-data";
    told.type = "application/json";
    told.textContent = JSON.stringify({ baseUrl: "/user/a/", serverRoot: "~/lab" });
    document.body.append(told);
    session.course = "~/lab/notebooks";
    tell(finding());
    const link = root.querySelector("a");
    expect(link?.textContent).toBe("Chapter 08, cnn");
    expect(link?.getAttribute("href")).toBe("/user/a/lab/tree/notebooks/08_cnn.ipynb");
    expect(JSON.parse(link?.getAttribute("data-commandlinker-args") ?? "")).toEqual({
      path: "notebooks/08_cnn.ipynb",
    });
    session.course = "~/labkit/notebooks";
    tell(finding({ steps: [41, 61] }));
    expect(root.querySelector("a")).toBeNull();
    expect(root.textContent).toContain("Chapter 08, cnn");
  });
});
