/** Draws a sample: an image, a text or a figure. */

import { make, setText } from "../../parts/element";
import { formatCount } from "../../parts/format";
import type { RunSession, Sample } from "../../session";
import { PlotlyStage } from "./plotly-stage";

/** Enlargement from which pixels are sharp; with less, some would be wider than others. */
const SHARP_FROM = 1.5;

export class SampleStage {
  readonly element = make("div", { class: "labkit-sample-stage" });
  private readonly image = make("img", { class: "labkit-sample-image" });
  /** Reached by the Tab key, as it may be scrolled. */
  private readonly text = make("pre", { class: "labkit-sample-text", tabindex: "0" });
  private readonly figure: PlotlyStage;
  private address = "";
  /** Width of the image in its file, in pixels. */
  private imageWidth = 0;
  /** Height of the tallest text so far, so that what follows stays where it is. */
  private height = 0;

  constructor(session: RunSession) {
    this.figure = new PlotlyStage(session);
  }

  show(sample: Sample): void {
    const content = { image: this.image, text: this.text, plotly: this.figure.element };
    const shown = content[sample.kind];
    if (this.element.firstChild !== shown) this.element.replaceChildren(shown);
    const title = `${sample.name} at step ${formatCount(sample.step)}`;
    if (sample.kind === "image") this.showImage(sample, `${title}: ${sample.description}`);
    else if (sample.kind === "text") this.showText(textOf(sample), title);
    else this.figure.show(textOf(sample), title);
    this.resize();
  }

  /** Adapts to the width of the card. */
  resize(): void {
    const { clientWidth } = this.image;
    const isSmooth = clientWidth > 0 && clientWidth < SHARP_FROM * this.imageWidth;
    this.image.classList.toggle("labkit-sample-smooth", isSmooth);
  }

  close(): void {
    this.figure.close();
    if (this.address) URL.revokeObjectURL(this.address);
  }

  /** Shows the image as soon as the browser has decoded it, and the one before until then. */
  private showImage(sample: Sample, description: string): void {
    const earlier = this.address;
    this.address = URL.createObjectURL(new Blob([sample.content], { type: "image/png" }));
    this.image.src = this.address;
    this.image.alt = description;
    this.imageWidth = sample.width;
    this.image.width = sample.width;
    this.image.height = sample.height;
    this.image.style.setProperty("--labkit-sample-ratio", String(sample.width / sample.height));
    if (earlier) URL.revokeObjectURL(earlier);
  }

  private showText(text: string, title: string): void {
    setText(this.text, text);
    this.text.setAttribute("aria-label", title);
    this.height = Math.max(this.height, this.text.offsetHeight);
    this.text.style.minHeight = `${this.height}px`;
  }
}

function textOf({ content }: Sample): string {
  return new TextDecoder().decode(content);
}
