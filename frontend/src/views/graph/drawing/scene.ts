/** The drawing itself: keeps what is on the sheet, and moves it to each new placement. */

import type { Fitted } from "../layout/measure";
import { type Placement, pathOf, type Rect } from "../layout/placement";
import type { Face, Labels } from "../model/labels";
import type { Container, Item, VisibleEdge, VisibleGraph } from "../model/visible-graph";
import { shapeText } from "../structure/text";
import { appear, play } from "./animation";
import { drawFrame, drawItem } from "./boxes";
import { setAttributes, svg } from "./elements";

const FADED = "labkit-graph-faded";

/** Something on the sheet that can be pointed at. */
export type Thing =
  | { readonly type: "item"; readonly item: Item }
  | { readonly type: "container"; readonly container: Container };

interface Drawn {
  readonly thing: Thing;
  readonly group: SVGGElement;
  /** What fills a frame, behind the arrows. */
  readonly back?: SVGRectElement;
  readonly rect: Rect;
  /** What is written in it; a box that says something else is drawn anew. */
  readonly words: string;
}

interface Line {
  readonly path: SVGPathElement;
  readonly d: string;
  readonly source: string;
}

export class Scene {
  readonly world = svg("g", { class: "labkit-graph-world" });
  /** The frames' inside lies behind the arrows, their title bars before them. */
  private readonly backs = svg("g", { "aria-hidden": "true" });
  private readonly frames = svg("g");
  private readonly lines = svg("g", { class: "labkit-graph-edges", "aria-hidden": "true" });
  private readonly boxes = svg("g");
  private readonly drawn = new Map<string, Drawn>();
  private readonly routes = new Map<string, Line>();

  /** What the ends of the edges are drawn with; must be in the same document. */
  readonly arrow: SVGDefsElement;

  /** Whether arrows show the way of the data, of the gradients, or of both. */
  face: Face = "forward";

  constructor(private readonly arrowhead: string) {
    this.arrow = defineArrow(arrowhead);
    this.world.append(this.backs, this.lines, this.frames, this.boxes);
  }

  /** Where something is on the sheet. */
  rect(id: string): Rect | undefined {
    return this.drawn.get(id)?.rect;
  }

  /** Whether it is drawn as a box, not as a frame. */
  isItem(id: string): boolean {
    return this.drawn.get(id)?.thing.type === "item";
  }

  get things(): Iterable<readonly [group: SVGGElement, thing: Thing]> {
    return [...this.drawn.values()].map(({ group, thing }) => [group, thing] as const);
  }

  /** Every arrow, with the box that it comes from. */
  get arrows(): Iterable<readonly [path: SVGPathElement, source: Thing]> {
    return [...this.routes.values()].flatMap(({ path, source }) => {
      const thing = this.thing(source);
      return thing ? [[path, thing] as const] : [];
    });
  }

  thing(id: string): Thing | undefined {
    return this.drawn.get(id)?.thing;
  }

  /** What an element of the drawing belongs to. */
  find(element: Element): { readonly thing: Thing; readonly group: SVGGElement } | undefined {
    const group = element.closest("[data-labkit-node], [data-labkit-module]");
    const id = group?.getAttribute("data-labkit-node") ?? group?.getAttribute("data-labkit-module");
    return id ? this.drawn.get(id) : undefined;
  }

  /** The element that takes the keyboard for a box or a frame. */
  focusTarget(id: string): SVGGElement | null {
    const group = this.drawn.get(id)?.group;
    return group?.querySelector<SVGGElement>("[role=button]") ?? group ?? null;
  }

  /**
   * Draws a placement. What was there moves from its old place; what is new
   * comes out of `origin`, or just appears.
   */
  show(
    visible: VisibleGraph,
    placement: Placement,
    sizes: ReadonlyMap<string, Fitted>,
    labels: Labels,
    origin: Rect | null,
  ): void {
    const before = new Map([...this.drawn].map(([id, { rect }]) => [id, rect]));
    const moving = before.size > 0;
    this.forget(visible);
    for (const container of visible.containers) {
      const [rect, fitted] = [placement.boxes.get(container.id), sizes.get(container.id)];
      if (rect && fitted) this.putFrame(container, fitted, rect, labels, before.get(container.id));
    }
    for (const item of visible.items) {
      const [rect, fitted] = [placement.boxes.get(item.id), sizes.get(item.id)];
      if (rect && fitted)
        this.putItem(item, fitted, rect, labels, before.get(item.id), moving, origin);
    }
    this.putLines(visible.edges, placement, moving);
  }

  /** Fades all boxes and arrows but some; null for none. */
  fade(kept: ReadonlySet<string> | null): void {
    for (const [id, { group, thing }] of this.drawn) {
      if (thing.type === "item") group.classList.toggle(FADED, kept !== null && !kept.has(id));
    }
    for (const [key, { path }] of this.routes) {
      const ends = JSON.parse(key) as string[];
      path.classList.toggle(FADED, kept !== null && !ends.every((id) => kept.has(id)));
    }
  }

  clear(): void {
    for (const group of [this.backs, this.frames, this.lines, this.boxes]) group.replaceChildren();
    this.drawn.clear();
    this.routes.clear();
  }

  /** Takes off what is gone, and every box that has become a frame or the other way round. */
  private forget(visible: VisibleGraph): void {
    const items = new Set(visible.items.map((item) => item.id));
    const containers = new Set(visible.containers.map((container) => container.id));
    for (const [id, { group, back, thing }] of this.drawn) {
      if (thing.type === "item" ? items.has(id) : containers.has(id)) continue;
      group.remove();
      back?.remove();
      this.drawn.delete(id);
    }
  }

  private putItem(
    item: Item,
    fitted: Fitted,
    rect: Rect,
    labels: Labels,
    old: Rect | undefined,
    moving: boolean,
    origin: Rect | null,
  ): void {
    const words = spoken(labels.ofItem(item), item.kind);
    const known = this.drawn.get(item.id);
    if (known && known.words !== words) known.group.remove();
    const group = known?.words === words ? known.group : drawItem(item, fitted);
    group.setAttribute("aria-label", words);
    this.boxes.append(group);
    this.drawn.set(item.id, { thing: { type: "item", item }, group, rect, words });
    group.setAttribute("transform", `translate(${rect.x} ${rect.y})`);
    const from = old ?? (origin && centred(rect, origin));
    if (moving && from) play(group, { transform: translate(from) }, { transform: translate(rect) });
    if (moving && !known) appear(group);
  }

  private putFrame(
    container: Container,
    fitted: Fitted,
    rect: Rect,
    labels: Labels,
    old: Rect | undefined,
  ): void {
    const { width, height } = rect;
    const known = this.drawn.get(container.id);
    known?.group.remove();
    known?.back?.remove();
    const back = svg("rect", { class: "labkit-graph-frame-back", rx: 10, width, height });
    this.backs.append(back);
    const group = drawFrame(container, fitted, { width, height });
    const words = spoken(labels.ofModule(container.module), "module");
    group.querySelector("[role=button]")?.setAttribute("aria-label", words);
    this.frames.append(group);
    const thing = { type: "container", container } as const;
    this.drawn.set(container.id, { thing, group, back, rect, words });
    for (const each of [group, back])
      each.setAttribute("transform", `translate(${rect.x} ${rect.y})`);
    if (!old) return;
    const [small, large] = [sized(old), sized(rect)];
    play(group, { transform: translate(old) }, { transform: translate(rect) });
    play(back, { transform: translate(old), ...small }, { transform: translate(rect), ...large });
    const body = group.firstElementChild;
    if (body) play(body, small, large);
  }

  private markers(): { "marker-start": string; "marker-end": string } {
    const head = `url(#${this.arrowhead})`;
    return {
      "marker-start": this.face === "forward" ? "none" : head,
      "marker-end": this.face === "backward" ? "none" : head,
    };
  }

  private putLines(edges: readonly VisibleEdge[], placement: Placement, moving: boolean): void {
    const known = new Map(edges.map((edge) => [keyOf(edge), edge]));
    for (const [key, line] of this.routes) {
      if (known.has(key)) continue;
      line.path.remove();
      this.routes.delete(key);
    }
    for (const route of placement.routes) {
      const key = keyOf(route);
      const edge = known.get(key);
      if (!edge || route.points.length < 4) continue;
      const line = this.routes.get(key) ?? { path: svg("path"), d: "" };
      const d = pathOf(route);
      const name = classOf(edge);
      line.path.classList.remove(...EDGE_CLASSES);
      line.path.classList.add(...name);
      setAttributes(line.path, { d, ...this.markers() });
      line.path.replaceChildren(svg("title", {}, edgeText(edge)));
      if (!line.path.parentNode) this.lines.append(line.path);
      if (moving && line.d !== d) appear(line.path);
      this.routes.set(key, { path: line.path, d, source: route.source });
    }
  }
}

function keyOf(edge: { readonly source: string; readonly target: string }): string {
  return JSON.stringify([edge.source, edge.target]);
}

const EDGE_CLASSES = ["labkit-graph-edge", "labkit-graph-loop", "labkit-graph-shared"] as const;

function classOf(edge: VisibleEdge): readonly string[] {
  const [plain, loop, shared] = EDGE_CLASSES;
  return edge.loop ? [plain, loop] : edge.shared ? [plain, shared] : [plain];
}

function edgeText(edge: VisibleEdge): string {
  if (edge.loop) return "to the next pass";
  if (edge.shared) return "shared parameter";
  const tensor = [shapeText(edge.shape), edge.dtype ?? ""].filter(Boolean).join(" ");
  return edge.count > 1 ? `${edge.count} tensors, the first ${tensor}` : tensor;
}

function spoken(
  label: { readonly title: string; readonly subtitle: string; readonly badge: string },
  kind: string,
): string {
  return [`${kind} ${label.title}`, label.subtitle, label.badge].filter(Boolean).join(", ");
}

function sized({ width, height }: Rect): { width: string; height: string } {
  return { width: `${width}px`, height: `${height}px` };
}

function translate(place: { readonly x: number; readonly y: number }): string {
  return `translate(${place.x}px, ${place.y}px)`;
}

/** A place for a box in the middle of another. */
function centred(box: Rect, within: Rect): { x: number; y: number } {
  return {
    x: within.x + (within.width - box.width) / 2,
    y: within.y + (within.height - box.height) / 2,
  };
}

function defineArrow(id: string): SVGDefsElement {
  const defs = svg("defs");
  const marker = svg("marker", {
    id,
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 7,
    markerHeight: 7,
    markerUnits: "userSpaceOnUse",
    orient: "auto-start-reverse",
  });
  marker.append(svg("path", { class: "labkit-graph-arrowhead", d: "M0,0.5L8,4L0,7.5L2,4z" }));
  defs.append(marker);
  return defs;
}
