/** Which elements with views are in sight, and whether any of them is. */

const inSight = new Map<Element, boolean>();
const listeners = new Set<() => void>();
let wasAnyInSight = false;

/**
 * Calls `listener` when an element comes into sight or leaves it; returns the function that ends
 * it. An element counts as in sight until it is known.
 */
export function watchElement(element: Element, listener: (visible: boolean) => void): () => void {
  if (inSight.size === 0) document.addEventListener("visibilitychange", notifyOfChange);
  inSight.set(element, true);
  const observer = new IntersectionObserver((entries) => {
    const visible = entries.some((entry) => entry.isIntersecting);
    inSight.set(element, visible);
    listener(visible);
    notifyOfChange();
  });
  observer.observe(element);
  return () => {
    observer.disconnect();
    inSight.delete(element);
    if (inSight.size === 0) document.removeEventListener("visibilitychange", notifyOfChange);
  };
}

/** Whether any watched element is in sight, and the page is displayed. */
export function isAnyInSight(): boolean {
  return [...inSight.values()].includes(true) && document.visibilityState === "visible";
}

/** Calls `listener` when `isAnyInSight` changes; returns the function that ends it. */
export function watchPage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function notifyOfChange(): void {
  const is = isAnyInSight();
  if (is === wasAnyInSight) return;
  wasAnyInSight = is;
  for (const listener of [...listeners]) listener();
}
