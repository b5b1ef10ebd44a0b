/** The finding whose steps the curves mark: the one at the pointer, or else the pinned one. */

import type { Finding } from "../../messages/run";
import type { RunSession, StepMark } from "../../session";

export class FindingMarks {
  private pinned: Finding | null = null;
  private pointed: Finding | null = null;
  /** The mark that this view has set; another view of the run may have set another one. */
  private own: StepMark | null = null;
  /** The step that the cursor was set to with the mark. */
  private cursor: number | null = null;

  constructor(private readonly session: RunSession) {}

  isPinned(rule: string): boolean {
    return this.pinned?.rule === rule;
  }

  /** Marks a finding while the pointer is at it; null when the pointer leaves. */
  point(finding: Finding | null): void {
    this.pointed = finding;
    this.show();
  }

  /** Pins the mark and moves the cursor to its first step, or takes back both. */
  toggle(finding: Finding): void {
    if (this.isPinned(finding.rule)) {
      this.pinned = null;
      if (this.session.cursor === this.cursor) this.session.setCursor(null);
    } else {
      this.pinned = finding;
      this.cursor = finding.steps[0];
      this.session.setCursor(this.cursor);
    }
    this.show();
  }

  /** Pins the mark of a finding, unless it is pinned, and moves the cursor to its first step. */
  pin(finding: Finding): void {
    if (this.isPinned(finding.rule)) this.session.setCursor(finding.steps[0]);
    else this.toggle(finding);
  }

  /** Takes back a pinned mark and its cursor. */
  unpin(finding: Finding): void {
    if (this.isPinned(finding.rule)) this.toggle(finding);
  }

  /** Replaces the marked findings by their current state; removes those that have gone. */
  update(findings: readonly Finding[]): void {
    const current = (old: Finding | null) =>
      findings.find(({ rule }) => rule === old?.rule) ?? null;
    this.pinned = current(this.pinned);
    this.pointed = current(this.pointed);
    this.show();
  }

  private show(): void {
    const finding = this.pointed ?? this.pinned;
    const mark = finding && markOf(finding);
    if (JSON.stringify(mark) === JSON.stringify(this.own)) return;
    if (mark !== null || this.session.mark === this.own) this.session.setMark(mark);
    this.own = mark;
  }
}

function markOf({ rule, severity, steps, series }: Finding): StepMark {
  return { name: rule.replaceAll("-", " "), severity, steps, series };
}
