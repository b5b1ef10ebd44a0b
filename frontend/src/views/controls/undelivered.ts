/** What the controls say of a click that the kernel has not handled. */

import type { NotebookKind } from "../../messages/kernel";
import type { RunSession } from "../../session";

/** How to stop the loop at once, and how to run it so that clicks take effect at once. */
export interface Remedy {
  readonly stop: string;
  readonly background: string;
}

export const REMEDIES: Readonly<Record<NotebookKind, Remedy>> = {
  jupyter: {
    stop: "interrupt the kernel (Kernel → Interrupt, ■)",
    background: "begin the cell with %%train, or use lk.background",
  },
  marimo: {
    stop: "interrupt the cell (■, or Ctrl+I)",
    background: "run the loop with lk.background",
  },
};

/** Returns what to do where clicks arrive only when the cell has ended. */
export function remedyText(notebook: NotebookKind): string {
  const { stop, background } = REMEDIES[notebook];
  return `To stop now, ${stop}: what was recorded stays. For clicks that take effect at once, ${background}.`;
}

/**
 * Returns the text on a click that has not arrived, or of which that is not known yet; empty if the
 * problem of the session, which the controls display, is the reason.
 */
export function undeliveredText(
  session: Pick<RunSession, "isOneWay" | "notebook" | "problem">,
): string {
  if (session.problem !== null) return "";
  const reason = session.isOneWay
    ? "The kernel handles clicks of this page only when the cell has ended."
    : "The kernel has not answered yet; some front ends deliver clicks only when the cell has ended.";
  return `${reason} ${remedyText(session.notebook)}`;
}
