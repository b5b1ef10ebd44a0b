// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Finding } from "../../../src/messages/run";
import { watchViewRequests } from "../../../src/parts/view-request";
import { drawFindings } from "../../../src/views/findings/view";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";
import { stubObservers } from "../../observers";
import { finding } from "./sample";

let root: HTMLElement;
let session: StubSession;

beforeEach(() => {
  stubObservers();
  root = document.createElement("div");
  document.body.replaceChildren(root);
  session = new StubSession();
  drawFindings(root, session);
});

function tell(...findings: Finding[]): void {
  session.state = stateOf({ step: 60 });
  session.findings = findings;
  session.notify("snapshot");
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
    button("Show steps 40–60").click();
    expect(session.cursor).toBe(40);
    button("Show in the graph").click();
    expect(session.selected).toBe("fc1#1/addmm:0");
    button("fc1").click();
    expect(session.selected).toBe("fc1");
  });

  it("go to a place: the step, the marked steps, the place in all views; and back", () => {
    tell(finding());
    const requested: unknown[] = [];
    watchViewRequests(document.body, (view) => requested.push(view));
    button("fc1").click();
    expect([session.selected, session.cursor, session.mark?.steps]).toEqual(["fc1", 40, [40, 60]]);
    expect(button("fc1").getAttribute("aria-pressed")).toBe("true");
    button("fc1").click();
    expect([session.selected, session.cursor, session.mark]).toEqual([null, null, null]);
    button("Show in the graph").click();
    expect([session.selected, session.cursor]).toEqual(["fc1#1/addmm:0", 40]);
    expect(requested).toEqual(["activations", "graph"]);
    session.select("fc2");
    expect(button("Show in the graph").getAttribute("aria-pressed")).toBe("false");
  });

  it("tell long paths apart, whose beginnings are the same", () => {
    const layer = "encoder.layers_of_the_first_stage.attention.output_projection";
    tell(finding({ where: [`${layer}.weight`, `${layer}.bias`] }));
    const places = [...root.querySelectorAll<HTMLElement>(".labkit-chip[aria-label]")];
    expect(places.map((each) => each.ariaLabel ?? each.getAttribute("aria-label"))).toEqual([
      `${layer}.weight`,
      `${layer}.bias`,
    ]);
    expect(places.map((each) => each.textContent?.slice(-5))).toEqual(["eight", ".bias"]);
    places[1]?.click();
    expect(session.selected).toBe(`${layer}.bias`);
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
    expect(root.textContent).toContain("Nothing found so far: 24 rules watch this run.");
  });

  it("are counted by severity, and say how certain they are", () => {
    tell(finding(), finding({ rule: "plateau", severity: "hint", certainty: "possible" }));
    expect(root.textContent).toContain("1 warning, 1 hint");
    const words = [...root.querySelectorAll<HTMLElement>(".labkit-finding-certainty")];
    expect(words.map(({ textContent }) => textContent)).toEqual(["likely", "possible"]);
    expect(words[1]?.title).toContain("Some sound runs");
  });

  it("mark their steps in the curves at the pointer, and after a click until the next", () => {
    tell(finding());
    const summary = root.querySelector("summary") as HTMLElement;
    const marked = () => session.mark && [session.mark.name, ...session.mark.steps];
    summary.dispatchEvent(new Event("pointerenter"));
    expect(marked()).toEqual(["dead units", 40, 60]);
    expect(session.mark?.series).toEqual(["act_dead/fc1"]);
    summary.dispatchEvent(new Event("pointerleave"));
    expect(session.mark).toBeNull();
    button("Show steps 40–60").click();
    tell(finding({ steps: [40, 80] }));
    expect(marked()).toEqual(["dead units", 40, 80]);
    expect(button("Show steps 40–80").getAttribute("aria-pressed")).toBe("true");
    button("Show steps 40–80").click();
    expect([session.mark, session.cursor]).toEqual([null, null]);
  });

  it("do not take back the mark of another view of the run", () => {
    tell(finding());
    drawFindings(document.createElement("div"), session);
    button("Show steps 40–60").click();
    tell(finding());
    expect(session.mark?.steps).toEqual([40, 60]);
  });

  it("are silenced by a button, and reported again by another", async () => {
    const ignore = vi.spyOn(session, "ignore");
    tell(finding());
    button("Not a problem here").click();
    expect(ignore).toHaveBeenLastCalledWith("dead-units", true);
    session.history = {
      rules: 24,
      silenced: [{ rule: "dead-units", severity: "warning", message: "90%.", holds: true }],
      past: [],
      dropped: 0,
    };
    tell();
    expect(root.textContent).toContain("Nothing found so far: 23 rules");
    expect(root.querySelector("[data-labkit-silenced]")?.textContent).toContain("dead-units: 90%.");
    button("Undo").click();
    expect(ignore).toHaveBeenLastCalledWith("dead-units", false);
    ignore.mockResolvedValueOnce(false);
    button("Undo").click();
    await vi.waitFor(() => expect(root.textContent).toContain('run.unignore("dead-units")'));
  });

  it("that have gone are listed with their steps and the reason", () => {
    session.history = {
      rules: 24,
      silenced: [],
      past: [
        {
          id: 1,
          rule: "plateau",
          severity: "warning",
          message: "The loss does not fall.",
          steps: [3, 8],
          step: 4,
          ended_step: 20,
          reason: "no longer holds: loss was 2 at step 8 and is 1 at step 20",
        },
      ],
      dropped: 2,
    };
    tell();
    expect(root.querySelector("details > summary")?.textContent).toBe("Earlier: 3");
    expect(root.querySelector("[data-labkit-past]")?.textContent).toContain(
      "Steps 3–8, no longer holds since step 20 (loss was 2 at step 8 and is 1 at step 20)",
    );
    expect(root.textContent).toContain("2 older ones were dropped");
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
