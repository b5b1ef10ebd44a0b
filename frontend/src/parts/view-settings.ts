/**
 * What a person chose in the views of a run, for as long as the page lives.
 *
 * When a run ends its output is displayed anew, so that the notebook keeps a true picture; the
 * views are made again then, and go on as they were left.
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

  /** Keeps what is chosen from a menu. */
  saveOnChange(select: HTMLSelectElement, name: string): void {
    select.addEventListener("change", () => this.set(name, select.value));
  }

  /** Chooses what was chosen before, if it is offered still. */
  restore(select: HTMLSelectElement, name: string): void {
    const choice = this.get(name);
    const offered = [...select.options].some(({ value }) => value === choice);
    if (choice !== null && offered) select.value = choice;
  }
}
