/** Turns clicks, keys and hovering on the stage into what they mean. */

import type { Scene, Thing } from "./drawing/scene";

export interface PointingActions {
  toggle(moduleId: string): void;
  /** Follows what flows through a box; null for none. */
  follow(id: string | null): void;
  point(thing: Thing, group: SVGGElement): void;
  leave(): void;
  /** Escape was pressed. */
  escape(): void;
  /** The keyboard has come to a box. */
  reach(thing: Thing): void;
  /** True while a press is a drag. */
  dragging(): boolean;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

export function followPointing(
  stage: HTMLElement,
  scene: Scene,
  actions: PointingActions,
  signal: AbortSignal,
): void {
  const found = (event: Event) =>
    event.target instanceof Element ? scene.find(event.target) : undefined;
  const toggle = (event: Event): boolean => {
    const hit = found(event);
    const id = hit && buttonOf(event, hit.thing);
    if (id === undefined) return false;
    actions.toggle(id);
    return true;
  };

  const follow = (event: Event): boolean => {
    const hit = found(event);
    actions.follow(hit?.thing.type === "item" ? hit.thing.item.id : null);
    return hit !== undefined;
  };

  stage.addEventListener(
    "click",
    (event) => {
      if (!actions.dragging() && !toggle(event)) follow(event);
    },
    { signal },
  );
  stage.addEventListener(
    "keydown",
    (event) => {
      const step = STEPS[event.key];
      const handled =
        event.key === "Enter" || event.key === " "
          ? toggle(event) || follow(event)
          : step !== undefined && walk(stage, event.target, step);
      if (event.key === "Escape") {
        actions.leave();
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
      const hit = found(event);
      // A frame is as large as what it holds: only its title bar speaks.
      if (hit && (hit.thing.type === "item" || buttonOf(event, hit.thing))) {
        actions.point(hit.thing, pointedGroup(event, hit.group));
      } else actions.leave();
    },
    { signal },
  );
  stage.addEventListener("pointerleave", actions.leave, { signal });
  stage.addEventListener(
    "focusin",
    (event) => {
      const hit = found(event);
      if (!hit || !(event.target as Element).matches(":focus-visible")) return;
      actions.reach(hit.thing);
      actions.point(hit.thing, pointedGroup(event, hit.group));
    },
    { signal },
  );
  stage.addEventListener("focusout", actions.leave, { signal });
}

/** The module that an event's target folds or unfolds. */
function buttonOf(event: Event, thing: Thing): string | undefined {
  if (!(event.target as Element).closest("[role=button]")) return undefined;
  if (thing.type === "container") return thing.container.id;
  return thing.item.kind === "module" ? thing.item.id : undefined;
}

function pointedGroup(event: Event, group: SVGGElement): SVGGElement {
  return (event.target as Element).closest<SVGGElement>("[role=button]") ?? group;
}

/** Moves the keyboard to the next or the previous box. */
function walk(stage: HTMLElement, from: EventTarget | null, step: number): boolean {
  const stops = [...stage.querySelectorAll<SVGGElement>("svg [tabindex]")];
  const next = stops[stops.indexOf(from as SVGGElement) + step];
  next?.focus({ preventScroll: true });
  return next !== undefined;
}
