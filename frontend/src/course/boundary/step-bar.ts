/** The row below the plane: play, the slider of the steps, and whether the pulls are shown. */

import type { MomentHistory } from "./history";
import { CONTROL } from "./looks";

export class StepBar {
  readonly element = document.createElement("div");
  private readonly button = document.createElement("button");
  private readonly slider = document.createElement("input");
  private readonly text = document.createElement("span");
  private readonly pulls = document.createElement("input");

  constructor(
    private readonly history: MomentHistory,
    hasPulls: boolean,
    signal: AbortSignal,
    onPulls: () => void,
  ) {
    this.element.style.cssText =
      "display:flex;flex-wrap:wrap;align-items:center;gap:4px 8px;margin-top:4px";
    this.button.type = "button";
    this.button.style.cssText = `${CONTROL};min-width:6.5em;cursor:pointer`;
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.style.cssText = "flex:1 1 120px;min-width:80px;accent-color:#0a84c6";
    this.slider.title = "Go back to an earlier step of the training";
    this.slider.setAttribute("aria-label", "Step of the training");
    this.text.style.cssText = "min-width:5.5em;font-variant-numeric:tabular-nums";
    this.pulls.type = "checkbox";
    this.pulls.checked = hasPulls;
    const label = document.createElement("label");
    label.title = "Draw the pull of each sample as an arrow";
    label.style.whiteSpace = "nowrap";
    label.append(this.pulls, " pulls");
    this.element.append(this.button, this.slider, this.text, ...(hasPulls ? [label] : []));
    this.button.addEventListener("click", () => this.toggle(), { signal });
    this.slider.addEventListener("input", () => this.slide(), { signal });
    this.pulls.addEventListener("change", onPulls, { signal });
    this.slider.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
  }

  get showsPulls(): boolean {
    return this.pulls.checked;
  }

  show(): void {
    const { count, shown, isPlaying } = this.history;
    this.slider.max = `${count - 1}`;
    this.slider.value = `${shown.index}`;
    this.slider.disabled = count < 2;
    this.slider.setAttribute("aria-valuetext", `step ${shown.step}`);
    this.button.disabled = count < 2;
    this.button.textContent = isPlaying ? "⏸ Pause" : "▶ Replay";
    this.text.textContent = `step ${shown.step}`;
  }

  private toggle(): void {
    if (this.history.isPlaying) this.history.pause();
    else this.history.play();
  }

  private slide(): void {
    if (this.history.isPlaying) this.history.pause();
    this.history.show(Number(this.slider.value));
  }
}
