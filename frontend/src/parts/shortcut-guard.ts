/**
 * Lets keys reach a focused control instead of JupyterLab, whose shortcuts take Enter and the arrow
 * keys of everything in an output. While nothing but a view itself has the focus, they stay.
 */

const CONTROLS = "button, input, select, textarea, summary, a[href], [role], [tabindex='0']";
/** The attribute by which an element is excluded from JupyterLab's shortcuts. */
const EXCLUDED = "data-lm-suppress-shortcuts";

export function guardShortcuts(frame: HTMLElement): void {
  frame.addEventListener("focusin", ({ target }) => {
    const isControl = target instanceof Element && target.matches(CONTROLS);
    if (isControl) frame.setAttribute(EXCLUDED, "true");
    else frame.removeAttribute(EXCLUDED);
  });
  frame.addEventListener("focusout", () => frame.removeAttribute(EXCLUDED));
}
