/** Maps clicks, keys and hovering on the stage to actions. */

import type { Scene, SceneElement } from "./drawing/scene";

export interface StageActions {
  toggle(moduleId: string): void;
  /** Highlights what is connected with a box; null removes the highlight. */
  follow(id: string | null): void;
  hover(element: SceneElement, group: SVGGElement): void;
  unhover(): void;
  /** Escape was pressed. */
  escape(): void;
  /** A box received the focus. */
  focus(element: SceneElement): void;
  /** Whether a drag is in progress. */
  dragging(): boolean;
}

/** Distance in px up to which the pointer counts as not moved. */
const SAME_PLACE = 4;
const ARROW_STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

export function listenToStage(
  stage: HTMLElement,
  scene: Scene,
  actions: StageActions,
  signal: AbortSignal,
): void {
  const found = (event: Event) =>
    event.target instanceof Element ? scene.find(event.target) : undefined;
  const toggle = (event: Event): boolean => {
    const hit = found(event);
    const id = hit && buttonOf(event, hit.element);
    if (id === undefined) return false;
    actions.toggle(id);
    return true;
  };

  const follow = (event: Event): boolean => {
    const hit = found(event);
    actions.follow(hit?.element.type === "item" ? hit.element.item.id : null);
    return hit !== undefined;
  };

  let clickedAt: { readonly x: number; readonly y: number } | null = null;
  stage.addEventListener(
    "click",
    (event) => {
      if (actions.dragging()) return;
      clickedAt = { x: event.clientX, y: event.clientY };
      actions.unhover();
      if (!toggle(event)) follow(event);
    },
    { signal },
  );
  stage.addEventListener(
    "keydown",
    (event) => {
      const step = ARROW_STEPS[event.key];
      const handled =
        event.key === "Enter" || event.key === " "
          ? toggle(event) || follow(event)
          : step !== undefined && focusNext(stage, event.target, step);
      if (event.key === "Escape") {
        actions.unhover();
        actions.follow(null);
        actions.escape();
      }
      if (!handled) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  stage.addEventListener(
    "pointerover",
    (event) => {
      // What a click has brought under the pointer, which has not moved, is looked at undisturbed.
      const { clientX: x, clientY: y } = event;
      if (clickedAt && Math.hypot(x - clickedAt.x, y - clickedAt.y) < SAME_PLACE) return;
      clickedAt = null;
      const hit = found(event);
      // A frame covers its content, so only its title bar has a tooltip.
      if (hit && (hit.element.type === "item" || buttonOf(event, hit.element))) {
        actions.hover(hit.element, pointedGroup(event, hit.group));
      } else actions.unhover();
    },
    { signal },
  );
  stage.addEventListener("pointerleave", actions.unhover, { signal });
  stage.addEventListener(
    "focusin",
    (event) => {
      const hit = found(event);
      if (!hit || !(event.target as Element).matches(":focus-visible")) return;
      actions.focus(hit.element);
      actions.hover(hit.element, pointedGroup(event, hit.group));
    },
    { signal },
  );
  stage.addEventListener("focusout", actions.unhover, { signal });
}

/** Returns the module that the target of an event folds or unfolds. */
function buttonOf(event: Event, element: SceneElement): string | undefined {
  if (!(event.target as Element).closest("[role=button]")) return undefined;
  if (element.type === "container") return element.container.id;
  return element.item.kind === "module" ? element.item.id : undefined;
}

function pointedGroup(event: Event, group: SVGGElement): SVGGElement {
  return (event.target as Element).closest<SVGGElement>("[role=button]") ?? group;
}

/** Moves the focus to the next or the previous box. */
function focusNext(stage: HTMLElement, from: EventTarget | null, step: number): boolean {
  const stops = [...stage.querySelectorAll<SVGGElement>("svg [tabindex]")];
  const next = stops[stops.indexOf(from as SVGGElement) + step];
  next?.focus({ preventScroll: true });
  return next !== undefined;
}
