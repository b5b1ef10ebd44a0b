/** Whether a run has ended, by its status. */

import type { RunStatus } from "../messages/run";

const FINAL: readonly RunStatus[] = ["finished", "stopped", "interrupted", "failed"];

/** Whether a status says that the run has ended. */
export function isFinal(status: RunStatus): boolean {
  return FINAL.includes(status);
}
