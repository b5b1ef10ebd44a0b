/** The buttons that train: play and pause, one step, one epoch, again from the start; the speed. */

import type { PlaygroundRequest } from "../../messages/playground";
import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import { EXPLAINED, SPEEDS } from "./menus";
import type { Frame, Setup } from "./state";

export class Controls {
  readonly element: HTMLElement;
  private readonly play: HTMLButtonElement;
  private readonly speed = make("select", { title: EXPLAINED.speed, "aria-label": "Speed" });
  private readonly epoch = make("b");
  private readonly step = make("span", { class: "playground-muted" });
  private readonly waiting = make(
    "span",
    { class: "playground-muted", title: "It trains only while it is in sight" },
    ", waits",
  );
  private isPlaying = false;

  constructor(send: (request: PlaygroundRequest) => void, showCode: () => void) {
    const button = (text: string, title: string, act: () => void) => {
      const element = make("button", { type: "button", class: "playground-button", title }, text);
      element.addEventListener("click", act);
      return element;
    };
    this.play = button("Play", "Train on and on, while the playground is in sight", () =>
      send({ type: "play", playing: !this.isPlaying }),
    );
    this.play.classList.add("playground-play");
    this.speed.append(...SPEEDS.map(({ value, label }) => make("option", { value }, label)));
    this.speed.addEventListener("change", () => send({ type: "speed", speed: this.speed.value }));
    this.element = make(
      "div",
      { class: "playground-controls" },
      this.play,
      button("Step", "One step of the optimizer, on the next batch of points", () =>
        send({ type: "step", of: "step" }),
      ),
      button("Epoch", "All steps until each training point was used once more", () =>
        send({ type: "step", of: "epoch" }),
      ),
      button("Reset", "Begin again with the first weights", () => send({ type: "reset" })),
      make(
        "span",
        { class: "playground-count", title: "An epoch is one pass through all training points" },
        "Epoch ",
        this.epoch,
        this.step,
        this.waiting,
      ),
      this.speed,
      button(
        "Code",
        "The same network as a program of plain PyTorch, which runs as it is",
        showCode,
      ),
    );
  }

  show({ message }: Frame, setup: Setup): void {
    this.isPlaying = message.playing !== "paused";
    setText(this.play, this.isPlaying ? "Pause" : "Play");
    this.waiting.hidden = message.playing !== "waiting";
    this.play.toggleAttribute("data-playing", this.isPlaying);
    const perEpoch = setup.message.steps_per_epoch;
    setText(this.epoch, formatCount(Math.floor(message.step / perEpoch)));
    setText(this.step, `, step ${formatCount(message.step)}`);
    if (document.activeElement !== this.speed) this.speed.value = message.speed;
  }
}
