/** The lines of the loop, each with a switch if it can be switched off. */

import type { LoopLine } from "../../messages/loop";

/** Returns the lines as elements; calls `onSwitch` with the line's number and whether it is on. */
export function drawCode(
  lines: readonly LoopLine[],
  off: ReadonlySet<number>,
  onSwitch: (number: number, isOn: boolean) => void,
): HTMLElement {
  const code = document.createElement("div");
  code.className = "code";
  code.setAttribute("role", "group");
  code.setAttribute("aria-label", "The lines of the loop, with their switches");
  code.append(...lines.map((line) => drawLine(line, !off.has(line.number), onSwitch)));
  return code;
}

function drawLine(
  line: LoopLine,
  isOn: boolean,
  onSwitch: (number: number, isOn: boolean) => void,
): HTMLElement {
  const row = document.createElement(line.has_switch ? "label" : "div");
  row.className = isOn ? "line" : "line off";
  const [statement, comment] = parts(line.text);
  const place = document.createElement("span");
  place.className = "switch";
  row.append(place, codeOf(statement, comment));
  if (!line.has_switch) return row;
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = isOn;
  box.setAttribute("role", "switch");
  box.setAttribute("aria-label", `line ${line.number}: ${statement.trim()}`);
  box.title = isOn ? "Train without this line" : "Put this line back";
  box.addEventListener("change", () => onSwitch(line.number, box.checked));
  place.append(box);
  return row;
}

/** The statement with its indent, and the comment behind it. */
function parts(text: string): [statement: string, comment: string] {
  const at = text.indexOf("  # ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}

function codeOf(statement: string, comment: string): HTMLElement {
  const bare = statement.trimStart();
  const code = document.createElement("code");
  code.append(" ".repeat(statement.length - bare.length), span("statement", bare));
  code.append(span("comment", comment));
  return code;
}

function span(kind: string, text: string): HTMLElement {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  return made;
}
