/**
 * The user's settings in the views of a run, stored until the page is closed.
 *
 * When a run ends, its output is displayed again, so that the saved notebook contains the final
 * picture. The new views restore the settings of the previous ones.
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

  /** Stores the selected option of a menu on every change. */
  saveOnChange(select: HTMLSelectElement, name: string): void {
    select.addEventListener("change", () => this.set(name, select.value));
  }

  /** Selects the stored option of a menu, if the menu still has it. */
  restore(select: HTMLSelectElement, name: string): void {
    const choice = this.get(name);
    const offered = [...select.options].some(({ value }) => value === choice);
    if (choice !== null && offered) select.value = choice;
  }
}
