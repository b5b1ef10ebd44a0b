/**
 * Stores the arrangement: of each run until the page is closed, and of the newest dashboard in the
 * browser, from which dashboards of other runs start.
 */

import { ViewSettings } from "../../parts/view-settings";
import { type Arrangement, INITIAL, parse } from "./arrangement";

const KEY = "labkit dashboard";

export class StoredArrangement {
  private readonly settings: ViewSettings;

  constructor(runId: string) {
    this.settings = new ViewSettings(runId);
  }

  load(): Arrangement {
    return parse(this.settings.get(KEY)) ?? parse(readBrowser()) ?? INITIAL;
  }

  save(arrangement: Arrangement): void {
    const text = JSON.stringify(arrangement);
    this.settings.set(KEY, text);
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // The browser stores nothing for this page, or has no room.
    }
  }
}

function readBrowser(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
