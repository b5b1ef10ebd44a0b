/**
 * What the user chose in the views of a run, until the page is closed.
 *
 * When a run ends, its output is displayed again, so that the saved notebook has its final picture.
 * The views are created again then, with the same settings.
 */

const MAX_RUNS = 50;

const settingsByRun = new Map<string, Map<string, string>>();

export class ViewSettings {
  private readonly values: Map<string, string>;

  constructor(runId: string) {
    this.values = settingsByRun.get(runId) ?? new Map();
    settingsByRun.delete(runId);
    settingsByRun.set(runId, this.values);
    const [oldest] = settingsByRun.keys();
    if (settingsByRun.size > MAX_RUNS && oldest !== undefined) settingsByRun.delete(oldest);
  }

  get(name: string): string | null {
    return this.values.get(name) ?? null;
  }

  set(name: string, choice: string | null): void {
    if (choice === null) this.values.delete(name);
    else this.values.set(name, choice);
  }

  /** Stores each choice of a menu. */
  saveOnChange(select: HTMLSelectElement, name: string): void {
    select.addEventListener("change", () => this.set(name, select.value));
  }

  /** Selects the stored choice of a menu, if it is still offered. */
  restore(select: HTMLSelectElement, name: string): void {
    const choice = this.get(name);
    const offered = [...select.options].some(({ value }) => value === choice);
    if (choice !== null && offered) select.value = choice;
  }
}
