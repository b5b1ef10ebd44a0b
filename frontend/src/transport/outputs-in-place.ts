/**
 * Whether the kernel can update the outputs of this page during a run: JupyterLab opens the views of
 * an updated output anew, unless labkit's extension renders it.
 */

const MARK = Symbol.for("labkit updates outputs in place");

/** Called by the extension. */
export function markOutputsInPlace(): void {
  (globalThis as Record<symbol, unknown>)[MARK] = true;
}

export function areOutputsInPlace(): boolean {
  return MARK in globalThis;
}
