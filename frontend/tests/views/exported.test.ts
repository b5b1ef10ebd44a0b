// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from "vitest";
import type { Finding } from "../../src/messages/run";
import type { DrawView } from "../../src/session";
import { drawDetails } from "../../src/views/controls/details";
import { drawTuning } from "../../src/views/controls/tuning";
import { drawControls } from "../../src/views/controls/view";
import { SavePage } from "../../src/views/dashboard/save-page";
import { drawFindings } from "../../src/views/findings/view";
import { stateOf } from "../fake-channel";
import { StubSession } from "../fake-session";

const FINDING: Finding = {
  rule: "dead-units",
  severity: "warning",
  message: "Half of the units are dead.",
  where: ["fc"],
  steps: [4, 9],
  cause: "A large step.",
  advice: ["Lower the learning rate."],
  series: [],
  node: null,
  line: null,
  chapter: null,
  certainty: "likely",
};

beforeEach(() => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe(): void {}
      disconnect(): void {}
    },
  );
});

function sessionOf(exported: number | null): StubSession {
  const session = new StubSession();
  session.state = stateOf({ status: "running", step: 9, steps_per_second: 20 });
  session.exported = exported;
  session.findings = [FINDING];
  session.history = {
    ...session.history,
    silenced: [{ rule: "plateau", severity: null, message: null, holds: false }],
  };
  return session;
}

function drawn(draw: DrawView, exported: number | null): HTMLElement {
  const root = document.createElement("div");
  draw(root, sessionOf(exported));
  return root;
}

/** Returns the names of the buttons that are not hidden. */
function buttons(root: HTMLElement): string[] {
  return [...root.querySelectorAll("button")]
    .filter((each) => !each.closest("[hidden]"))
    .map((each) => each.getAttribute("aria-label") ?? each.textContent ?? "");
}

it("offers no control of the loop, and says when the page was saved", () => {
  expect(buttons(drawn(drawControls, null))).toContain("Pause");
  const root = drawn(drawControls, 1_700_000_000);
  expect(buttons(root)).toEqual([]);
  expect(root.querySelector(".labkit-status")?.textContent).toBe("Unfinished");
  expect(root.querySelector("[data-labkit-fact=exported]")?.textContent).toContain("2023");
  expect(root.querySelector("[data-labkit-fact=rate]")).toBe(null);
});

it("lists in the details what remains true", () => {
  const root = drawn(drawDetails, 1_700_000_000);
  expect(root.querySelector("[data-labkit-detail=exported]")?.textContent).toContain("2023");
  expect(root.querySelector("[data-labkit-detail=rate]")).toBe(null);
});

it("offers no change to the training, and silences no rule", () => {
  expect(buttons(drawn(drawTuning, 1_700_000_000))).toEqual([]);
  expect(buttons(drawn(drawFindings, null))).toEqual(
    expect.arrayContaining(["Not a problem here", "Undo"]),
  );
  const offered = buttons(drawn(drawFindings, 1_700_000_000));
  expect(offered).not.toContain("Not a problem here");
  expect(offered).not.toContain("Undo");
  expect(offered).toContain("Show steps 4–9");
});

it("is not saved again from an exported page", () => {
  expect(new SavePage(sessionOf(null)).button.hidden).toBe(false);
  expect(new SavePage(sessionOf(1_700_000_000)).button.hidden).toBe(true);
});

it("says what happens to a click that the kernel has not taken", async () => {
  const session = sessionOf(null);
  let refuse: (reason: string) => void = () => undefined;
  session.exportPage = (report) => {
    report("unanswered");
    return new Promise((resolve) => {
      refuse = (reason) => resolve({ page: null, reason });
    });
  };
  const { button, message } = new SavePage(session);
  button.click();
  expect(button.disabled).toBe(true);
  expect(message.textContent).toContain('run.export_html("run.html")');
  refuse("The disk is full.");
  await vi.waitFor(() => expect(message.textContent).toBe("The disk is full."));
  expect(button.disabled).toBe(false);
});
