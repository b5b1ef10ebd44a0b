/** A finding for tests. */

import type { Finding } from "../../../src/messages/run";

export function finding(facts: Partial<Finding> = {}): Finding {
  return {
    rule: "dead-units",
    severity: "warning",
    message: "90% of the units of <b>fc1</b> are dead.",
    where: ["fc1"],
    steps: [40, 60],
    cause: "A step that was too large.",
    advice: ["Lower the learning rate."],
    series: ["act_dead/fc1"],
    node: "fc1#1/addmm:0",
    line: "model.py:12",
    chapter: "08_cnn",
    certainty: "likely",
    ...facts,
  };
}
