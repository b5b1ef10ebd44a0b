/**
 * What a person chose in the views of a run, for as long as the page lives.
 *
 * When a run ends its output is displayed anew, so that the notebook keeps a true picture; the
 * views are made again then, and go on as they were left.
 */

const MOST_RUNS = 50;

const memories = new Map<string, Map<string, string>>();

export class Memory {
  private readonly kept: Map<string, string>;

  constructor(runId: string) {
    this.kept = memories.get(runId) ?? new Map();
    memories.delete(runId);
    memories.set(runId, this.kept);
    const [oldest] = memories.keys();
    if (memories.size > MOST_RUNS && oldest !== undefined) memories.delete(oldest);
  }

  recall(name: string): string | null {
    return this.kept.get(name) ?? null;
  }

  keep(name: string, choice: string | null): void {
    if (choice === null) this.kept.delete(name);
    else this.kept.set(name, choice);
  }

  /** Keeps what is chosen from a menu. */
  follow(select: HTMLSelectElement, name: string): void {
    select.addEventListener("change", () => this.keep(name, select.value));
  }

  /** Chooses what was chosen before, if it is offered still. */
  restore(select: HTMLSelectElement, name: string): void {
    const choice = this.recall(name);
    const offered = [...select.options].some(({ value }) => value === choice);
    if (choice !== null && offered) select.value = choice;
  }
}
