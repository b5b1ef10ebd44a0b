/** What the small widgets of the course have in common: their model, their beginning and their end. */

import { versionProblem } from "../messages/protocol";

/** The model of a widget whose kernel sends `State` and whose page sets `Change`. */
export interface WidgetModel<State, Change> {
  get<T extends keyof State>(trait: T): State[T];
  set<T extends keyof Change>(trait: T, value: Change[T]): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

export const KERNEL_GONE = "The kernel that made this card is gone: run the cell again.";

/** Sends a message, and calls a function if there is no kernel to take it, as after its restart. */
export function sendMessage<M>(
  model: { send(message: M): unknown },
  message: M,
  onGone: () => void = () => undefined,
): void {
  try {
    Promise.resolve(model.send(message)).catch(onGone);
  } catch {
    onGone();
  }
}

/**
 * Returns the function that draws a widget and returns its clean-up, as anywidget calls it. A widget
 * of another protocol version is not opened; what to do about it is shown instead.
 */
export function rendering<Model extends { get(trait: "protocol"): number }>(
  open: (model: Model, root: HTMLElement) => { close(): void },
): (widget: { model: Model; el: HTMLElement }) => () => void {
  return ({ model, el }) => {
    const problem = versionProblem(model.get("protocol"));
    if (problem !== null) {
      el.textContent = problem;
      return () => el.replaceChildren();
    }
    const view = open(model, el);
    return () => view.close();
  };
}

/** Returns what a widget shows while the kernel has not answered it. */
export function waitingText(doing: string): string {
  return (
    `${doing} If a cell is running, this waits for its end; after a restart of the kernel, run ` +
    "this view's cell again."
  );
}
