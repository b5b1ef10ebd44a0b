/** The still picture of a view, from the other forms of the same output. */

import type { MimeModel } from "./jupyterlab";

const NOTE = "Saved picture. Without its kernel, run the cell again for the interactive view.";
const NOTE_TITLE =
  "The interactive view appears here when its kernel is connected and answers. If the kernel has " +
  "ended, what it recorded is gone with it, unless it was saved to a file.";

/** A picture and its note. It is drawn when it is shown first. */
export class Still {
  readonly element = document.createElement("figure");
  #source = "";
  #text = "";
  #drawn: string | null = null;

  constructor() {
    this.element.className = "labkit-still";
    this.element.hidden = true;
  }

  get isShown(): boolean {
    return !this.element.hidden;
  }

  update(model: MimeModel): void {
    this.#source = textOf(model.data["image/svg+xml"]);
    this.#text = textOf(model.data["text/plain"]);
    if (this.isShown) this.#draw();
  }

  show(isShown: boolean): void {
    this.element.hidden = !isShown;
    if (isShown) this.#draw();
  }

  #draw(): void {
    if (this.#drawn === this.#source) return;
    this.#drawn = this.#source;
    if (this.#source) this.element.replaceChildren(this.#picture(), noteOnPicture());
    else this.element.replaceChildren(preformatted(this.#text));
  }

  #picture(): HTMLElement {
    // An image runs no script, whatever the notebook contains.
    const image = document.createElement("img");
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.#source)}`;
    image.alt = this.#text;
    return image;
  }
}

function noteOnPicture(): HTMLElement {
  const note = document.createElement("figcaption");
  note.textContent = NOTE;
  note.title = NOTE_TITLE;
  return note;
}

function preformatted(content: string): HTMLElement {
  const text = document.createElement("pre");
  text.textContent = content;
  return text;
}

/** Notebooks contain texts as lists of lines, too. */
function textOf(value: unknown): string {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return parts.filter((part) => typeof part === "string").join("");
}

/** The theme is JupyterLab's, which may not be the system's. */
export const STILL_STYLE = `
.labkit-still { margin: 0; }
.labkit-still img { display: block; max-width: 100%; height: auto; color-scheme: light; }
body[data-jp-theme-light="false"] .labkit-still img { color-scheme: dark; }
.labkit-still pre { margin: 0; overflow: auto; }
.labkit-still figcaption { font-size: 85%; opacity: 0.7; padding: 2px 16px; }
.labkit-waiting { position: absolute; visibility: hidden; left: 0; right: 0; }
`;
