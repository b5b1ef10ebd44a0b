/** The controls of the race: play, single steps, a slider over the steps, speed, and surface. */

const SPEEDS = [3, 10, 30, 100] as const;
const USUAL_SPEED = 10;
/** A longer race begins at a higher speed. */
const LONGEST_SECONDS = 14;

interface PlayerEvents {
  onStep(step: number): void;
  onSurface(surface: string): void;
  /** Play or Step where there is nothing to play. */
  onEmpty?(): void;
}

/** A bar of controls that counts steps. */
export class PlayerBar {
  readonly element = document.createElement("div");
  private readonly play = button("Play", "Play the race; again to pause it");
  private readonly forward = button("Step", "Go on by one step");
  private readonly back = button("Back to the start", "Return to the step before the first");
  private readonly slider = document.createElement("input");
  private readonly count = document.createElement("output");
  private readonly speed = document.createElement("select");
  private readonly surface = document.createElement("select");
  private readonly surfaceLabel = labelled("surface", this.surface);
  private readonly listeners = new AbortController();
  private frame: number | null = null;
  private steps = 0;
  /** The step that is shown, with a fraction while it plays. */
  private at = 0;

  constructor(
    private readonly events: PlayerEvents,
    private readonly least: (typeof SPEEDS)[number] = USUAL_SPEED,
  ) {
    this.element.className = "race-bar";
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.setAttribute("aria-label", "Step");
    for (const each of SPEEDS) this.speed.append(option(String(each), `${each} steps a second`));
    this.speed.value = String(least);
    this.element.append(this.play, this.forward, this.back, this.slider, this.count);
    this.element.append(labelled("speed", this.speed), this.surfaceLabel);
    const { signal } = this.listeners;
    this.play.addEventListener("click", () => this.toggle(), { signal });
    this.forward.addEventListener("click", () => this.stepForward(), { signal });
    this.back.addEventListener("click", () => this.restart(false), { signal });
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)), { signal });
    const onSurface = () => events.onSurface(this.surface.value);
    this.surface.addEventListener("change", onSurface, { signal });
  }

  close(): void {
    this.pause();
    this.listeners.abort();
  }

  draw(steps: number, surfaces: readonly string[], surface: string): void {
    if (steps !== this.steps) {
      this.speed.value = String(Math.max(this.least, suitableSpeed(steps)));
    }
    this.steps = steps;
    this.slider.max = String(steps);
    this.surface.replaceChildren(...surfaces.map((name) => option(name, name)));
    this.surface.value = surface;
    this.surfaceLabel.hidden = surfaces.length < 2;
  }

  /** Goes to the start, and plays from there or waits. */
  restart(isPlaying: boolean): void {
    this.pause();
    this.show(0);
    if (isPlaying) this.toggle();
  }

  /** Goes to a step, and stays there. */
  jump(step: number): void {
    this.seek(step);
  }

  private seek(step: number): void {
    this.pause();
    this.show(step);
  }

  private stepForward(): void {
    if (this.steps === 0) this.events.onEmpty?.();
    this.pause();
    this.show(Math.min(this.steps, Math.floor(this.at) + 1));
  }

  private toggle(): void {
    if (this.frame !== null) {
      this.pause();
      return;
    }
    if (this.steps === 0) {
      this.events.onEmpty?.();
      return;
    }
    if (this.at >= this.steps) this.show(0);
    this.play.textContent = "Pause";
    let before: number | null = null;
    const next = (time: number) => {
      const passed = before === null ? 0 : Math.min(0.25, (time - before) / 1000);
      before = time;
      this.show(Math.min(this.steps, this.at + passed * Number(this.speed.value)));
      this.frame = this.at < this.steps ? requestAnimationFrame(next) : null;
      if (this.frame === null) this.pause();
    };
    this.frame = requestAnimationFrame(next);
  }

  private pause(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    this.play.textContent = "Play";
  }

  private show(at: number): void {
    this.at = at;
    const step = Math.floor(at);
    this.slider.value = String(step);
    this.count.textContent = `step ${step} of ${this.steps}`;
    this.events.onStep(step);
  }
}

function suitableSpeed(steps: number): number {
  const suits = (speed: number) => speed >= USUAL_SPEED && steps / speed <= LONGEST_SECONDS;
  return SPEEDS.find(suits) ?? (SPEEDS.at(-1) as number);
}

function button(name: string, title: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = name;
  made.title = title;
  return made;
}

function option(value: string, name: string): HTMLOptionElement {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = name;
  return made;
}

function labelled(name: string, control: HTMLElement): HTMLLabelElement {
  const made = document.createElement("label");
  made.append(name, control);
  return made;
}
