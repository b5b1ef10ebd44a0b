/**
 * Stores the arrangement: of each run until the page is closed, and of the newest dashboard in the
 * browser, from which dashboards of other runs start.
 */

import type { DashboardForm } from "../../messages/widgets";
import { ViewSettings } from "../../parts/view-settings";
import { type Arrangement, INITIAL, parse } from "./arrangement";

const KEY = "labkit dashboard";

export class StoredArrangement {
  private readonly settings: ViewSettings;
  /** Dashboards of a run that the program shows in different forms are arranged separately. */
  private readonly key: string;

  constructor(
    runId: string,
    private readonly form: DashboardForm | null,
  ) {
    this.settings = new ViewSettings(runId);
    this.key = form === null ? KEY : `${KEY} ${form}`;
  }

  load(): Arrangement {
    const own = parse(this.settings.get(this.key));
    if (own) return own;
    const newest = parse(readBrowser()) ?? INITIAL;
    return this.form === null ? newest : { ...newest, compact: this.form === "compact" };
  }

  /** Stores an arrangement; in the browser with the form that a person has chosen last. */
  save(arrangement: Arrangement): void {
    this.settings.set(this.key, JSON.stringify(arrangement));
    const stored = this.form === null ? arrangement : { ...arrangement, ...chosenForm() };
    try {
      localStorage.setItem(KEY, JSON.stringify(stored));
    } catch {
      // The browser stores nothing for this page, or has no room.
    }
  }
}

function chosenForm(): Pick<Arrangement, "compact"> {
  return { compact: parse(readBrowser())?.compact ?? INITIAL.compact };
}

function readBrowser(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
