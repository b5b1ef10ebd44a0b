/** Cells of numbers in rows, of which one is reached by Tab and the others by the arrow keys. */

export interface CellText {
  readonly value: string;
  readonly place: string;
  /** The colour; null for a place that is not read. */
  readonly hue: string | null;
  readonly label: string;
}

export class Cells {
  readonly elements: readonly HTMLElement[];

  /**
   * @param texts - one for each cell, in reading order
   * @param columns - number of cells in a row; arrow keys up and down move by so many
   * @param point - is called with the cell under the pointer or with the focus, and with null
   */
  constructor(
    texts: readonly CellText[],
    private readonly columns: number,
    private readonly point: (cell: number | null) => void,
  ) {
    this.elements = texts.map((text, index) => this.draw(text, index));
  }

  mark(marked: ReadonlySet<number>): void {
    this.elements.forEach((element, index) => {
      element.classList.toggle("marked", marked.has(index));
    });
  }

  /** Gives the focus to a cell. */
  focus(index: number): void {
    const target = this.elements[index];
    if (!target) return;
    for (const each of this.elements) each.tabIndex = each === target ? 0 : -1;
    target.focus();
  }

  private draw(text: CellText, index: number): HTMLElement {
    const cell = document.createElement("div");
    cell.className = text.hue === null ? "cell unread" : "cell";
    if (text.hue !== null) cell.style.setProperty("--hue", text.hue);
    cell.tabIndex = index === 0 ? 0 : -1;
    cell.setAttribute("role", "img");
    cell.setAttribute("aria-label", text.label);
    const place = document.createElement("small");
    place.textContent = text.place;
    cell.append(text.value, place);
    cell.addEventListener("pointerenter", () => this.point(index));
    cell.addEventListener("pointerleave", () => this.point(null));
    cell.addEventListener("focus", () => this.point(index));
    cell.addEventListener("blur", () => this.point(null));
    cell.addEventListener("keydown", (event) => this.press(event, index));
    return cell;
  }

  private press(event: KeyboardEvent, index: number): void {
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns,
      ArrowDown: this.columns,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.focus(index + move);
  }
}
