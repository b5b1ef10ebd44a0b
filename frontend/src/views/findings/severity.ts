/** A symbol and a text for each severity, so that colour is not the only difference. */

import type { Finding } from "../../messages/run";
import { make } from "../../parts/element";

type Severity = Finding["severity"];

const SEVERITIES: Readonly<Record<Severity, readonly [sign: string, text: string]>> = {
  error: ["✕", "Error: training cannot succeed like this"],
  warning: ["!", "Warning: training is going badly"],
  hint: ["i", "Hint: training could go better"],
};

export function severitySign(severity: Severity): HTMLElement {
  const [sign, text] = SEVERITIES[severity];
  const role = { class: "labkit-finding-sign", role: "img", title: text, "aria-label": text };
  return make("span", { ...role, "data-severity": severity }, sign);
}

/** Returns "1 error, 2 warnings"; a severity without a finding is omitted. */
export function countsOf(findings: readonly { readonly severity: Severity }[]): string {
  return (["error", "warning", "hint"] as const)
    .map((severity) => ({
      severity,
      count: findings.filter((finding) => finding.severity === severity).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}${count === 1 ? "" : "s"}`)
    .join(", ");
}
