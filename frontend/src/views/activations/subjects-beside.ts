/** What pictures the runs beside each other have together, so that they can share one menu. */

import type { PictureSubject } from "../../messages/values";
import type { RunSession, RunsBeside } from "../../session";

interface Own {
  readonly subjects: readonly PictureSubject[];
  /** Offers in the view of this run what all runs have. */
  readonly renew: () => void;
}

const known = new WeakMap<RunsBeside, Map<RunSession, Own>>();

/** Sets what pictures a run has; the views of the runs beside it offer them as well. */
export function setSubjects(
  session: RunSession,
  subjects: readonly PictureSubject[],
  renew: () => void,
): void {
  const { beside } = session;
  if (!beside) return;
  const byRun = known.get(beside) ?? new Map<RunSession, Own>();
  known.set(beside, byRun);
  const before = byRun.get(session)?.subjects ?? [];
  byRun.set(session, { subjects, renew });
  if (namesOf(before) === namesOf(subjects)) return;
  for (const [run, own] of byRun) {
    if (run !== session) own.renew();
  }
}

/** Removes a run whose view is closed. */
export function removeSubjects(session: RunSession): void {
  if (session.beside) known.get(session.beside)?.delete(session);
}

/** Returns the pictures of a run, and those that only runs beside it have. */
export function subjectsOfAll(
  session: RunSession,
  own: readonly PictureSubject[],
): readonly PictureSubject[] {
  const byRun = session.beside ? known.get(session.beside) : undefined;
  const all = new Map(own.map((each) => [nameOf(each), each]));
  for (const { subjects } of byRun?.values() ?? []) {
    for (const each of subjects) {
      if (!all.has(nameOf(each))) all.set(nameOf(each), each);
    }
  }
  return [...all.values()];
}

function nameOf({ module, kind }: PictureSubject): string {
  return `${kind} ${module}`;
}

function namesOf(subjects: readonly PictureSubject[]): string {
  return subjects.map(nameOf).join("\n");
}
