/** Animates the transition from one drawing to the next. */

const DURATION = 200;
const EASING = "cubic-bezier(0.3, 0, 0.2, 1)";

export function prefersReducedMotion(): boolean {
  return globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
}

/** Animates an element, whose attributes already have the final values. */
export function animate(element: Element, from: Keyframe, to: Keyframe): void {
  if (typeof element.animate !== "function" || prefersReducedMotion()) return;
  element.animate([from, to], { duration: DURATION, easing: EASING });
}

/** Fades in a new element towards the end of the other animations. */
export function fadeIn(element: Element): void {
  if (typeof element.animate !== "function" || prefersReducedMotion()) return;
  const frames = [{ opacity: 0 }, { opacity: 0, offset: 0.5 }, { opacity: 1 }];
  element.animate(frames, { duration: DURATION * 1.4, easing: "ease-out" });
}
