/** The runs of a comparison: which are shown, and their common cursor and selection. */

import type { Change, RunSession, RunsBeside } from "../../session";

/** A run as it is given to a comparison. */
export interface ComparedRun {
  /** Its name here, which no other run has. */
  readonly name: string;
  readonly session: RunSession;
}

/** A run as the parts of a comparison see it. */
export interface LinkedRun extends ComparedRun {
  /** Its place among all runs, which decides its colour and dash. */
  readonly place: number;
}

export class LinkedRuns implements RunsBeside {
  readonly all: readonly LinkedRun[];
  /** Identifies the comparison; its settings are stored by it. */
  readonly id: string;
  /** The step of the common cursor; null follows the live end of each run. */
  cursor: number | null = null;
  private readonly hidden = new Set<number>();
  private readonly cleanups: readonly (() => void)[];
  private isLinking = false;
  /** Those of the views of the linked sessions. */
  private readonly listeners = new Set<(change: Change) => void>();

  constructor(private readonly runs: readonly ComparedRun[]) {
    this.id = `comparison of ${runs.map(({ session }) => session.runId).join(" ")}`;
    this.all = runs.map(({ name, session }, place) => ({
      name,
      place,
      session: linked(session, this),
    }));
    this.cleanups = runs.map(({ session }) =>
      session.subscribe((change) => this.follow(session, change)),
    );
  }

  /** The runs that are not hidden; never none. */
  get shown(): readonly LinkedRun[] {
    return this.all.filter(({ place }) => !this.hidden.has(place));
  }

  get sessions(): readonly RunSession[] {
    return this.shown.map(({ place }) => (this.runs[place] as ComparedRun).session);
  }

  /** Shows or hides a run; has no effect on the only one that is shown. */
  toggle({ place }: LinkedRun): void {
    if (this.hidden.delete(place)) return;
    if (this.shown.length > 1) this.hidden.add(place);
  }

  /** Moves the cursors of all runs to a step, or to the last one of a run that does not have it. */
  setCursor(step: number | null): void {
    this.cursor = step;
    this.link((session) => {
      const own = step === null ? null : Math.min(step, session.state?.step ?? step);
      if (session.cursor !== own) session.setCursor(own);
    });
  }

  /** Selects a parameter, module or node in all runs. */
  select(name: string | null): void {
    this.link((session) => {
      if (session.selected !== name) session.select(name);
    });
  }

  /** Adds a listener of a view; returns what removes it. */
  addListener(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  redraw(): void {
    for (const listener of [...this.listeners]) listener("mark");
  }

  /** Calls a listener after each change of any run. */
  subscribe(listener: (change: Change) => void): () => void {
    const ends = this.runs.map(({ session }) => session.subscribe(listener));
    return () => {
      for (const end of ends) end();
    };
  }

  close(): void {
    for (const end of this.cleanups) end();
  }

  /** Repeats in the other runs what another view of one run has changed. */
  private follow(session: RunSession, change: Change): void {
    if (this.isLinking) return;
    if (change === "cursor") this.setCursor(session.cursor);
    else if (change === "selection") this.select(session.selected);
    else if (change === "frame") this.catchUp(session);
  }

  /** Moves the cursor of a run that has grown towards the common one. */
  private catchUp({ cursor, state }: RunSession): void {
    if (this.cursor === null || cursor === null || !state) return;
    if (cursor < Math.min(this.cursor, state.step)) this.setCursor(this.cursor);
  }

  private link(change: (session: RunSession) => void): void {
    if (this.isLinking) return;
    this.isLinking = true;
    try {
      for (const { session } of this.runs) change(session);
    } finally {
      this.isLinking = false;
    }
  }
}

/**
 * Returns a session whose cursor and selection are common to all runs, whose settings are those of
 * the comparison, and that also reports the frames of the other runs, as the scales may change.
 */
function linked(session: RunSession, runs: LinkedRuns): RunSession {
  const own: Partial<RunSession> = {
    runId: runs.id,
    beside: runs,
    setCursor: (step) => runs.setCursor(step),
    select: (name) => runs.select(name),
    subscribe: (listener) => subscribeToAll(session, runs, listener),
  };
  return new Proxy(session, {
    get(target, name) {
      if (name in own) return own[name as keyof RunSession];
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function subscribeToAll(
  session: RunSession,
  runs: LinkedRuns,
  listener: (change: Change) => void,
): () => void {
  const others = runs.sessions.filter((each) => each !== session);
  const ends = [
    runs.addListener(listener),
    session.subscribe(listener),
    ...others.map((each) =>
      each.subscribe((change) => {
        if (change === "frame" || change === "snapshot") listener("frame");
      }),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
