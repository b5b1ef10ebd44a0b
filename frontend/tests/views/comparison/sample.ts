/** Runs of a comparison with synthetic values. */

import type { RunState } from "../../../src/messages/run";
import type { SeriesTable } from "../../../src/session";
import type { ComparedRun } from "../../../src/views/comparison/linked-runs";
import { stateOf } from "../../fake-channel";
import { StubSession } from "../../fake-session";

export function runOf(
  name: string,
  tables: readonly SeriesTable[],
  state: Partial<RunState> = {},
): ComparedRun & { readonly session: StubSession } {
  const session = new StubSession();
  session.tables = tables;
  const step = Math.max(0, ...tables.map(({ lastStep }) => lastStep));
  session.state = stateOf({ status: "finished", step, ...state });
  return { name, session };
}
