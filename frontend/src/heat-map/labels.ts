/** The names beside the rows of a heat map, which select them. */

import { make } from "../parts/element";
import { shortenPath } from "../parts/format";
import type { HeatMapEntry } from "./groups";
import { FROZEN } from "./rows";

/** Average width of a character of the names, in px. */
const CHARACTER_WIDTH = 6.4;
/** The same in bold type, by comparison. */
const BOLD_WIDTH = 1.12;
const WITHOUT_GRADIENT = "frozen: no gradient is computed for it";
const ARROWS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

export interface LabelsContent {
  /** The rows in sight. */
  readonly shown: readonly HeatMapEntry[];
  /** Whether some rows are modules. */
  readonly isTree: boolean;
  readonly marked: ReadonlySet<string>;
  readonly rowHeight: number;
}

export interface LabelsActions {
  select(name: string): void;
  /** Moves the focus to the next row, or to the one before, which may be out of sight. */
  moveFocus(from: string, step: number): void;
}

export class HeatLabels {
  readonly element = make("div", { class: "labkit-heat-names" });
  /** The name that gets the focus with the next drawing. */
  private focused: string | null = null;
  private drawn = "";

  constructor(private readonly actions: LabelsActions) {
    // JupyterLab's shortcuts use the arrow keys.
    this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    this.element.addEventListener("click", (event) => {
      const name = nameAt(event);
      if (name !== undefined) actions.select(name);
    });
    this.element.addEventListener("keydown", (event) => this.press(event));
  }

  /** Moves the focus to a row, which the next drawing may bring into sight. */
  focus(name: string): void {
    this.focused = name;
    this.drawn = "";
  }

  draw({ shown, isTree, marked, rowHeight }: LabelsContent): void {
    const maxCharacters = Math.max(6, Math.floor((this.element.clientWidth - 8) / CHARACTER_WIDTH));
    const names = shown.map((entry) => {
      return `${entry.name} ${entry.open}${noteOf(entry)} ${marked.has(entry.name)}`;
    });
    const key = `${maxCharacters} ${rowHeight} ${names.join("\n")}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const focused = this.focused ?? this.focusedName();
    this.focused = null;
    this.element.classList.toggle("labkit-tree", isTree);
    const labels = shown.map((entry) => {
      const isMarked = marked.has(entry.name);
      const room = isMarked ? Math.floor(maxCharacters / BOLD_WIDTH) : maxCharacters;
      const label = labelOf(entry, isTree, room);
      label.classList.toggle("labkit-picked", isMarked);
      label.setAttribute("aria-pressed", String(isMarked));
      label.style.height = label.style.lineHeight = `${rowHeight}px`;
      return label;
    });
    this.element.replaceChildren(...labels);
    const find = (name: string | null) => labels.find(({ dataset }) => dataset.name === name);
    const picked = labels.find(({ classList }) => classList.contains("labkit-picked"));
    const stop = find(focused) ?? picked ?? labels[0];
    if (stop) stop.tabIndex = 0;
    find(focused)?.focus({ preventScroll: true });
  }

  private focusedName(): string | null {
    const active = document.activeElement;
    const isHere = active instanceof HTMLElement && this.element.contains(active);
    return isHere ? (active.dataset.name ?? null) : null;
  }

  private press(event: KeyboardEvent): void {
    const name = nameAt(event);
    if (name === undefined) return;
    const step = ARROWS[event.key];
    if (event.key === "Enter" || event.key === " ") this.actions.select(name);
    else if (step !== undefined) this.actions.moveFocus(name, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function nameAt(event: Event): string | undefined {
  return (event.target as HTMLElement).closest<HTMLElement>("[data-name]")?.dataset.name;
}

function labelOf(entry: HeatMapEntry, isTree: boolean, maxCharacters: number): HTMLElement {
  const { name, shortName, rows, depth, open } = entry;
  const sign = open === null ? (isTree ? "\u2003" : "") : open ? "▾ " : "▸ ";
  const note = noteOf(entry);
  const room = maxCharacters - sign.length - note.length - 2 * depth;
  const text = `${sign}${shortenPath(shortName, room)}${note}`;
  const label = make("div", { role: "button", tabindex: "-1" }, text);
  label.style.paddingLeft = `${depth}em`;
  label.dataset.name = name;
  const whole = open === null ? name : `${name}: the largest of ${rows.length} parameters`;
  label.title = rows.every(({ frozen }) => frozen) ? `${whole}; ${WITHOUT_GRADIENT}` : whole;
  if (open !== null) label.setAttribute("aria-expanded", String(open));
  return label;
}

/** Returns the number of parameters of a module, and whether all of a line are frozen. */
function noteOf({ rows, open }: HeatMapEntry): string {
  const count = open === null ? "" : ` · ${rows.length}`;
  return rows.every(({ frozen }) => frozen) ? `${count} · ${FROZEN}` : count;
}
