/** The page's colours, and a listener for their changes. */

/** Colours for colour-blind people on light and on dark backgrounds (after Okabe and Ito). */
const LIGHT_SERIES = ["#0072b2", "#d55e00", "#009e73", "#b5428a", "#b07d00", "#3a9bd4", "#6b6b6b"];
const DARK_SERIES = ["#56b4e9", "#f0883e", "#2bc49a", "#e08fc0", "#e6b422", "#a6d3f2", "#b8b8b8"];

export interface Theme {
  readonly dark: boolean;
  readonly paper: string;
  readonly text: string;
  readonly mutedText: string;
  readonly gridLine: string;
  readonly error: string;
  readonly series: readonly string[];
}

/** Returns the colours that apply to an element. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const colour = (name: string, fallback: string) =>
    style.getPropertyValue(name).trim() || fallback;
  const dark = isDark(element);
  return {
    dark,
    paper: colour("--labkit-paper", dark ? "#1b1b1b" : "#ffffff"),
    text: colour("--labkit-text", dark ? "#e4e4e4" : "#222222"),
    mutedText: colour("--labkit-muted-text", dark ? "#a8a8a8" : "#666666"),
    gridLine: colour("--labkit-light-border", dark ? "#3a3a3a" : "#e4e4e4"),
    error: dark ? "#ff7b6b" : "#c62828",
    series: dark ? DARK_SERIES : LIGHT_SERIES,
  };
}

/**
 * Whether the page is dark, by the attributes that JupyterLab and VS Code set on the body, or else
 * by the system's preference.
 */
export function isDark(element: Element): boolean {
  const body = element.ownerDocument.body;
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "false";
  const code = body.getAttribute("data-vscode-theme-kind");
  if (code !== null) return code.includes("dark") || code === "vscode-high-contrast";
  return globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;
}

/**
 * Calls `onChange` when the theme changes, and again in the next animation frame, because JupyterLab
 * hides the page while it changes its theme; returns what ends it.
 */
export function watchTheme(onChange: () => void): () => void {
  let frame = 0;
  const observer = new MutationObserver(() => {
    onChange();
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(onChange);
  });
  observer.observe(document.body, {
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"],
  });
  const systemTheme = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  systemTheme?.addEventListener("change", onChange);
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    systemTheme?.removeEventListener("change", onChange);
  };
}
