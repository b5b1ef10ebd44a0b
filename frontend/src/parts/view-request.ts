/** A request to the page around several views to bring one of them into sight. */

import type { ViewName } from "../messages/widgets";

const EVENT = "labkit-view-request";

/** Requests that the views around an element show a view; without such a page nothing happens. */
export function requestView(element: Element, view: ViewName): void {
  element.dispatchEvent(new CustomEvent<ViewName>(EVENT, { bubbles: true, detail: view }));
}

/** Calls `show` with each view that is requested in an element; returns what ends it. */
export function watchViewRequests(element: Element, show: (view: ViewName) => void): () => void {
  const listener = (event: Event) => show((event as CustomEvent<ViewName>).detail);
  element.addEventListener(EVENT, listener);
  return () => element.removeEventListener(EVENT, listener);
}
