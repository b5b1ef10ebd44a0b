/** The four buttons, their enabled states, and the message if a click is not delivered. */

import type { ControlAction } from "../../messages/page";
import type { RunStatus } from "../../messages/run";
import { make, setText } from "../../parts/element";
import type { RunSession } from "../../session";
import { undeliveredText } from "./undelivered";

interface ControlButton {
  readonly action: ControlAction;
  readonly name: string;
  readonly explanation: string;
  /** Displayed until the current step has ended. */
  readonly pending: string;
}

const BUTTONS: readonly ControlButton[] = [
  {
    action: "pause",
    name: "Pause",
    explanation: "Hold the training loop at the end of the step it is in. Nothing is lost.",
    pending: "Pausing at the end of this step…",
  },
  {
    action: "resume",
    name: "Resume",
    explanation: "Let the training loop go on.",
    pending: "Resuming…",
  },
  {
    action: "step",
    name: "Step",
    explanation: "Let the training loop do exactly one step, then hold it again.",
    pending: "Doing one step…",
  },
  {
    action: "stop",
    name: "Stop",
    explanation: "End the training loop at the end of this step. What was recorded stays.",
    pending: "Stopping at the end of this step…",
  },
];

/** Returns the actions that a status allows. */
export function enabledActions(status: RunStatus | null): ReadonlySet<ControlAction> {
  switch (status) {
    case "waiting":
    case "running":
      return new Set<ControlAction>(["pause", "stop"]);
    case "pausing":
    case "paused":
      return new Set<ControlAction>(["resume", "step", "stop"]);
    default:
      return new Set<ControlAction>();
  }
}

/** Whether the training of a run is in the kernel of the page; false of a copy and of a file. */
export function isTrainedHere({ state, exported }: RunSession): boolean {
  return exported === null && (state?.read_from ?? null) === null;
}

/** Returns the actions that the state of a run and of the connection allow. */
export function possibleActions(session: RunSession): ReadonlySet<ControlAction> {
  const { state, problem } = session;
  const isOpen = problem === null && isTrainedHere(session);
  return enabledActions(isOpen && state ? state.status : null);
}

export class Buttons {
  readonly element = make("div", {
    class: "labkit-buttons",
    role: "group",
    "aria-label": "Training loop",
  });
  readonly message = make("p", { class: "labkit-message", role: "status" });
  private readonly buttons = new Map<ControlAction, HTMLButtonElement>();
  /** The status and the step of the run at the last click; null if no click is pending. */
  private pendingClick: { readonly status: RunStatus; readonly step: number } | null = null;

  constructor(private readonly session: RunSession) {
    for (const kind of BUTTONS) {
      const button = make(
        "button",
        {
          type: "button",
          class: `labkit-button labkit-button-${kind.action}`,
          title: kind.explanation,
          "aria-label": kind.name,
        },
        kind.name,
      );
      button.addEventListener("click", () => this.click(kind));
      this.buttons.set(kind.action, button);
    }
    this.element.append(...this.buttons.values());
    this.update();
  }

  update(): void {
    const { problem } = this.session;
    const enabled = possibleActions(this.session);
    this.element.hidden = !isTrainedHere(this.session);
    const focused = [...this.buttons.values()].find((each) => each.matches(":focus"));
    for (const [action, button] of this.buttons) button.disabled = !enabled.has(action);
    if (focused?.disabled) this.firstEnabled()?.focus();
    const { pendingClick } = this;
    if (pendingClick && (problem !== null || this.hasTakenEffect(pendingClick))) {
      this.showMessage(null);
    }
  }

  private hasTakenEffect(clicked: { readonly status: RunStatus; readonly step: number }): boolean {
    const { state } = this.session;
    if (!state) return false;
    if (state.status === "pausing") return false; // The current step has not ended.
    const oneStepDone = state.status === "paused" && state.step !== clicked.step;
    return state.status !== clicked.status || oneStepDone;
  }

  private async click(kind: ControlButton): Promise<void> {
    const { state } = this.session;
    if (!state) return;
    const clicked = { status: state.status, step: state.step };
    this.pendingClick = clicked;
    const { isOneWay } = this.session;
    this.showMessage(isOneWay ? undeliveredText(this.session) : kind.pending, isOneWay);
    const answered = await this.session.control(kind.action);
    if (this.pendingClick !== clicked) return;
    if (!answered) this.showMessage(undeliveredText(this.session), true);
    else if (this.hasTakenEffect(clicked)) this.showMessage(null);
  }

  private showMessage(message: string | null, warning = false): void {
    if (message === null) this.pendingClick = null;
    this.message.classList.toggle("labkit-warning", warning);
    setText(this.message, message ?? "");
  }

  private firstEnabled(): HTMLButtonElement | undefined {
    return [...this.buttons.values()].find((button) => !button.disabled);
  }
}
