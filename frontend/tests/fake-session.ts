/** A session without events; tests override what they need. */

import type { GraphData } from "../src/messages/graph";
import type { Finding, RunState } from "../src/messages/run";
import type { PictureSubject } from "../src/messages/values";
import type { Change, Inspection, Picture, RunSession, SeriesTable } from "../src/session";

/** The kernel's answer to an inspection: what a test gives and nothing else. */
export function inspected(parts: Partial<Inspection> = {}): Inspection {
  return { value: null, gradient: null, norms: [], reason: null, answered: true, ...parts };
}

export class QuietSession implements RunSession {
  /** A new id for each session, since settings are stored by run. */
  readonly runId = crypto.randomUUID();
  state: RunState | null = null;
  graph: GraphData | null = null;
  findings: readonly Finding[] = [];
  tables: readonly SeriesTable[] = [];
  isLoading = false;
  cursor: number | null = null;
  selected: string | null = null;
  course: string | null = null;
  problem: string | null = null;
  readonly listeners = new Set<(change: Change) => void>();

  async graphOf(_signature: string): Promise<GraphData | null> {
    return null;
  }

  async inspect(_name: string): Promise<Inspection> {
    return inspected();
  }

  async subjects(): Promise<readonly PictureSubject[]> {
    return [];
  }

  async histograms(..._wish: Parameters<RunSession["histograms"]>) {
    return [];
  }

  async picture(..._wish: Parameters<RunSession["picture"]>): Promise<Picture | null> {
    return null;
  }

  setCursor(step: number | null): void {
    this.cursor = step;
    this.announce("cursor");
  }

  select(name: string | null): void {
    this.selected = name;
    this.announce("selection");
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async control(): Promise<boolean> {
    return true;
  }

  async asset(): Promise<string> {
    return "";
  }

  announce(change: Change): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
