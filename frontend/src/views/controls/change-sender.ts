/** Sends changes to the kernel, and displays beside them what becomes of each. */

import { make, setText } from "../../parts/element";
import type { RequestedChange, RunSession } from "../../session";
import { undeliveredText } from "./undelivered";

const WAITING = "Applied when the step ends…";

export class ChangeSender {
  readonly message = make("p", { class: "labkit-message", role: "status" });
  private last = 0;

  constructor(private readonly session: RunSession) {}

  /** Whether the reply to the last change has not arrived. */
  isPending = false;

  /** Sends a change; resolves when the kernel has replied, or will not. */
  async send(change: RequestedChange): Promise<void> {
    this.last += 1;
    const number = this.last;
    const { isOneWay } = this.session;
    this.show(isOneWay ? undeliveredText(this.session) : WAITING, isOneWay);
    this.isPending = true;
    const { answered, reason } = await this.session.changeTraining(change);
    if (number !== this.last) return;
    this.isPending = false;
    if (!answered) this.show(undeliveredText(this.session), true);
    else this.show(reason ?? "", reason !== null);
  }

  /** Displays why a change is not sent. */
  refuse(reason: string): void {
    this.last += 1; // A reply to an earlier change would replace the reason.
    this.isPending = false;
    this.show(reason, true);
  }

  private show(text: string, isWarning: boolean): void {
    this.message.classList.toggle("labkit-warning", isWarning);
    setText(this.message, text);
  }
}
