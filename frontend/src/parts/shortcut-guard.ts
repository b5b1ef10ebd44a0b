/**
 * Lets the keys of a focused control reach it instead of JupyterLab, whose shortcuts take Enter,
 * the arrow keys and letters of everything in an output. Shortcuts with Control remain JupyterLab's.
 */

const CONTROLS = "button, input, select, textarea, summary, a[href], [role], [tabindex='0']";
/** Controls that take Control and Shift with an arrow key. */
const MOVABLE = "[draggable=true]";
/** The attribute by which an element is excluded from JupyterLab's shortcuts. */
const EXCLUDED = "data-lm-suppress-shortcuts";

/** Guards the controls in `frame`; returns the function that ends it. */
export function guardShortcuts(frame: HTMLElement): () => void {
  const onKey = (event: KeyboardEvent) => {
    const { target } = event;
    if (!(target instanceof Element) || !frame.contains(target)) return;
    // On the control itself: some shortcuts are those of whatever has the focus.
    target.toggleAttribute(EXCLUDED, target.matches(CONTROLS) && isForControl(event, target));
  };
  // JupyterLab listens to the document on the way down, so the window is earlier.
  window.addEventListener("keydown", onKey, true);
  return () => window.removeEventListener("keydown", onKey, true);
}

function isForControl(event: KeyboardEvent, target: Element): boolean {
  const { key, shiftKey, ctrlKey, metaKey } = event;
  if (ctrlKey || metaKey) return shiftKey && key.startsWith("Arrow") && target.matches(MOVABLE);
  return !(key === "Enter" && shiftKey);
}
