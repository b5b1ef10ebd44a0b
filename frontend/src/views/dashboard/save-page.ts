/** The button that saves the run as an HTML page, and what becomes of a click. */

import { make, setText } from "../../parts/element";
import { formatShare } from "../../parts/format";
import { icon } from "../../parts/icon";
import { fileName, saveFile } from "../../parts/save-file";
import type { RunSession } from "../../session";

const TITLE =
  "Save as a page: one HTML file of this run as it is now, which opens in a browser without a " +
  'kernel and without a network, like run.export_html("run.html")';
const UNANSWERED =
  "The kernel has not taken the click yet; some front ends deliver clicks only when the cell has " +
  'ended. The page is saved then. run.export_html("run.html") in a cell writes it to a file.';
/** Time for which the end of a download is shown, in ms. */
const DONE_MS = 5000;

export class SavePage {
  readonly button = make("button", {
    type: "button",
    class: "labkit-icon-button",
    "aria-label": "Save as a page",
    title: TITLE,
  });
  readonly message = make("p", { class: "labkit-message", role: "status" });
  private isSaving = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly session: RunSession) {
    this.button.append(icon("save"));
    this.button.addEventListener("click", () => void this.save());
    this.update();
  }

  update(): void {
    const { state, problem, exported } = this.session;
    this.button.hidden = exported !== null;
    this.button.disabled = this.isSaving || state === null || problem !== null;
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private async save(): Promise<void> {
    clearTimeout(this.timer);
    this.isSaving = true;
    this.update();
    this.show("Making a page of this run…");
    const reply = await this.session.exportPage((progress) => {
      if (progress === "unanswered") this.show(UNANSWERED, true);
      else if (progress > 0) this.show(`Saving the page: ${formatShare(progress)}`);
    });
    this.isSaving = false;
    this.update();
    if (reply.page === null) this.show(reply.reason, true);
    else {
      const name = fileName(this.session.state?.name ?? "", "", "html");
      saveFile(reply.page, name);
      this.show(`The page was handed to the browser as ${name}.`);
      this.timer = setTimeout(() => this.show(""), DONE_MS);
    }
  }

  private show(message: string, isWarning = false): void {
    this.message.classList.toggle("labkit-warning", isWarning);
    setText(this.message, message);
  }
}
