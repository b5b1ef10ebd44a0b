/** A session stub without data, whose members tests override. */

import type { GraphData } from "../src/messages/graph";
import type { NotebookKind } from "../src/messages/kernel";
import type { Finding, FindingsHistory, Progress, RunState } from "../src/messages/run";
import type { SampleSeries } from "../src/messages/samples";
import type { Tuning } from "../src/messages/tuning";
import type { PictureSubject } from "../src/messages/values";
import type {
  Change,
  ChangeReply,
  Delivery,
  ExportReply,
  GradientHistogram,
  Inspection,
  Picture,
  ReportExport,
  RequestedChange,
  RunSession,
  RunsBeside,
  Sample,
  SeriesTable,
  StepMark,
} from "../src/session";

/** Returns an inspection with some members set and no others. */
export function inspected(parts: Partial<Inspection> = {}): Inspection {
  return { value: null, gradient: null, norms: [], reason: null, answered: true, ...parts };
}

export class StubSession implements RunSession {
  /** A new id for each session, because settings are stored by run. */
  readonly runId = crypto.randomUUID();
  state: RunState | null = null;
  graph: GraphData | null = null;
  progress: Progress = {
    epochs: { steps: [], values: [] },
    seconds: { steps: [], values: [] },
  };
  findings: readonly Finding[] = [];
  history: FindingsHistory = { rules: 24, silenced: [], past: [], dropped: 0 };
  mark: StepMark | null = null;
  frozen: ReadonlySet<string> = new Set();
  configuration: Readonly<Record<string, string>> = {};
  beside: RunsBeside | null = null;
  tuning: Tuning = { groups: [], modules: [], events: [] };
  samples: readonly SampleSeries[] = [];
  tables: readonly SeriesTable[] = [];
  isLoading = false;
  drawsAll = true;
  isOneWay = false;
  pushed = 0;
  delivery: Delivery | null = null;
  cursor: number | null = null;
  selected: string | null = null;
  course: string | null = null;
  notebook: NotebookKind = "jupyter";
  exported: number | null = null;
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

  async histograms(
    ..._request: Parameters<RunSession["histograms"]>
  ): Promise<readonly GradientHistogram[] | null> {
    return [];
  }

  async picture(..._request: Parameters<RunSession["picture"]>): Promise<Picture | null> {
    return null;
  }

  async sample(..._request: Parameters<RunSession["sample"]>): Promise<Sample | null> {
    return null;
  }

  setCursor(step: number | null): void {
    this.cursor = step;
    this.notify("cursor");
  }

  select(name: string | null): void {
    this.selected = name;
    this.notify("selection");
  }

  setMark(mark: StepMark | null): void {
    this.mark = mark;
    this.notify("mark");
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async control(): Promise<boolean> {
    return true;
  }

  async setPace(_pace: number | null): Promise<boolean> {
    return true;
  }

  async ignore(_rule: string, _ignored: boolean): Promise<boolean> {
    return true;
  }

  async changeTraining(_change: RequestedChange): Promise<ChangeReply> {
    return { answered: true, reason: null };
  }

  async exportPage(_report: ReportExport): Promise<ExportReply> {
    return { page: new Blob(["page"]) };
  }

  async asset(): Promise<string> {
    return "";
  }

  notify(change: Change): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
