/** The newest loss of each model, as numbers in the line of the status. */

import { make, setText } from "../../parts/element";
import { formatCount, formatValue } from "../../parts/format";
import type { RunSession } from "../../session";

const MAX_LOSSES = 2;
const EXPLANATION = "The newest loss: the number that training makes smaller.";

export class LossValue {
  readonly element = make("span", { class: "labkit-loss-now", title: EXPLANATION });

  constructor(private readonly session: RunSession) {}

  /** With `withStep`, the number of steps follows. */
  update(withStep: boolean): void {
    const losses = this.session.tables
      .filter(({ kind }) => kind === "loss")
      .flatMap((table) => {
        const newest = table.latest();
        return newest ? table.names.map((name, column) => ({ name, value: newest[column] })) : [];
      });
    const texts = losses.slice(0, MAX_LOSSES).map(({ name, value }) => {
      const short = name.replace(/^loss\//, "");
      return `${short} ${formatValue(value ?? Number.NaN)}`;
    });
    const { state } = this.session;
    if (withStep && state) texts.push(`step ${formatCount(state.step)}`);
    setText(this.element, texts.join("  ·  "));
  }
}
