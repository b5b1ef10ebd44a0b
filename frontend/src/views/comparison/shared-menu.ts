/**
 * One menu for the views of several runs: what is done with the controls of the first view is
 * repeated with those of the others, which are hidden.
 *
 * Views need not know of it. A control is repeated if the other view has one of the same name; an
 * option that the other run does not have, for example a layer, leaves its menu as it is.
 */

const TOOLBARS = ".labkit-toolbar, .labkit-graph-toolbar";
const CONTROLS = "select, input, button";

type Control = HTMLSelectElement | HTMLInputElement | HTMLButtonElement;

export class SharedMenu {
  /** The toolbars of the first view that are to be shown above all views. */
  readonly elements: readonly HTMLElement[];
  private readonly lead: readonly HTMLElement[];
  private readonly others: readonly (readonly HTMLElement[])[];
  private readonly listening = new AbortController();
  private isRepeating = false;

  /** `roots` are the elements in which the views were drawn. */
  constructor(roots: readonly HTMLElement[]) {
    const toolbars = roots.map((root) => [...root.querySelectorAll<HTMLElement>(TOOLBARS)]);
    const [lead, ...others] = toolbars;
    this.lead = lead ?? [];
    this.others = others;
    // Those inside of a part of the view remain there, as the part can be hidden.
    this.elements = this.lead.filter((toolbar) => toolbar.parentElement === roots[0]);
    const { signal } = this.listening;
    for (const toolbar of this.lead) {
      toolbar.addEventListener("input", () => this.repeat(), { signal });
      toolbar.addEventListener("click", (event) => this.onClick(event), { signal });
      // Before a menu that starts something, such as an export, has returned to its title.
      const first = { signal, capture: true };
      toolbar.addEventListener("change", () => this.repeat(), first);
      toolbar.addEventListener("keydown", (event) => this.onKey(event), first);
    }
  }

  /** Gives the controls of the other views the state of those of the first. */
  repeat(): void {
    if (this.isRepeating) return;
    this.isRepeating = true;
    try {
      this.forEachPair((from, to) => copyState(from, to));
    } finally {
      this.isRepeating = false;
    }
  }

  close(): void {
    this.listening.abort();
    for (const element of this.elements) element.remove();
  }

  private onClick(event: Event): void {
    const button = (event.target as Element).closest("button");
    if (button && !button.hasAttribute("aria-pressed")) {
      this.forEachPair((from, to) => {
        if (from === button) to.click();
      });
    }
    this.repeat();
  }

  /** Repeats what Enter does in a search field. */
  private onKey(event: KeyboardEvent): void {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.type !== "search" || event.key !== "Enter") {
      return;
    }
    this.forEachPair((from, to) => {
      if (from !== field) return;
      (to as HTMLInputElement).value = field.value;
      to.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    });
  }

  private forEachPair(call: (from: Control, to: Control) => void): void {
    for (const toolbars of this.others) {
      this.lead.forEach((toolbar, place) => {
        const own = toolbars[place];
        if (!own) return;
        const counterparts = namedControls(own);
        for (const [name, control] of namedControls(toolbar)) {
          const counterpart = counterparts.get(name);
          if (counterpart && counterpart.tagName === control.tagName) call(control, counterpart);
        }
      });
    }
  }
}

function namedControls(toolbar: HTMLElement): Map<string, Control> {
  const controls = [...toolbar.querySelectorAll<Control>(CONTROLS)];
  return new Map(controls.map((control) => [nameOf(control), control]));
}

/** Returns what a screen reader calls a control. */
function nameOf(control: Control): string {
  const text = control.closest("label")?.textContent ?? control.textContent ?? "";
  return control.getAttribute("aria-label") ?? text.trim();
}

function copyState(from: Control, to: Control): void {
  if (from instanceof HTMLSelectElement && to instanceof HTMLSelectElement) {
    copyChoice(from, to);
  } else if (from instanceof HTMLInputElement && to instanceof HTMLInputElement) {
    copyInput(from, to);
  } else if (from.hasAttribute("aria-pressed")) {
    if (from.getAttribute("aria-pressed") !== to.getAttribute("aria-pressed")) to.click();
  }
}

function copyChoice(from: HTMLSelectElement, to: HTMLSelectElement): void {
  const isOffered = [...to.options].some(({ value }) => value === from.value);
  if (!isOffered || from.value === to.value) return;
  to.value = from.value;
  to.dispatchEvent(new Event("change", { bubbles: true }));
}

function copyInput(from: HTMLInputElement, to: HTMLInputElement): void {
  if (from.type === "checkbox") {
    if (from.checked !== to.checked) to.click();
  } else if (from.type === "range" && from.value !== to.value) {
    to.value = from.value;
    to.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
