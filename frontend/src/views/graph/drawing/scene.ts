/** The SVG elements of the drawing, which move to each new placement. */

import type { FittedLabel } from "../layout/measure";
import { type Placement, type Rect, svgPathOf } from "../layout/placement";
import type { FlowDirection, Labels } from "../model/labels";
import type { Container, Item, VisibleEdge, VisibleGraph } from "../model/visible-graph";
import { sizesText } from "../structure/text";
import { animate, fadeIn } from "./animation";
import { drawFrame, drawItem } from "./boxes";
import { setAttributes, svg } from "./elements";

const FADED = "labkit-graph-faded";

/** A box or a frame of the drawing. */
export type SceneElement =
  | { readonly type: "item"; readonly item: Item }
  | { readonly type: "container"; readonly container: Container };

interface DrawnElement {
  readonly element: SceneElement;
  readonly group: SVGGElement;
  /** The background of a frame, behind the arrows. */
  readonly back?: SVGRectElement;
  readonly rect: Rect;
  /** Its accessible text. A box is drawn again if the text or its width changes. */
  readonly text: string;
}

interface DrawnEdge {
  readonly path: SVGPathElement;
  readonly d: string;
  readonly source: string;
}

export class Scene {
  readonly world = svg("g", { class: "labkit-graph-world" });
  /** Backgrounds of frames, which are behind the arrows; title bars are in front. */
  private readonly backs = svg("g", { "aria-hidden": "true" });
  private readonly frames = svg("g");
  private readonly edgeLayer = svg("g", { class: "labkit-graph-edges", "aria-hidden": "true" });
  private readonly boxes = svg("g");
  private readonly drawn = new Map<string, DrawnElement>();
  private readonly edges = new Map<string, DrawnEdge>();

  /** The definition of the arrow heads, which must be in the same document as the drawing. */
  readonly arrowDefinition: SVGDefsElement;

  /** Whether arrows have the direction of the data, of the gradients, or both. */
  flow: FlowDirection = "forward";

  constructor(private readonly arrowhead: string) {
    this.arrowDefinition = defineArrow(arrowhead);
    this.world.append(this.backs, this.edgeLayer, this.frames, this.boxes);
  }

  /** Returns the position and the size of a box or frame on the sheet. */
  rect(id: string): Rect | undefined {
    return this.drawn.get(id)?.rect;
  }

  /** Whether an id is drawn as a box. */
  isItem(id: string): boolean {
    return this.drawn.get(id)?.element.type === "item";
  }

  get elements(): Iterable<readonly [group: SVGGElement, element: SceneElement]> {
    return [...this.drawn.values()].map(({ group, element }) => [group, element] as const);
  }

  /** All arrows, each with the box at its start. */
  get arrows(): Iterable<readonly [path: SVGPathElement, source: SceneElement]> {
    return [...this.edges.values()].flatMap(({ path, source }) => {
      const element = this.element(source);
      return element ? [[path, element] as const] : [];
    });
  }

  element(id: string): SceneElement | undefined {
    return this.drawn.get(id)?.element;
  }

  /** Returns the box or frame that contains a DOM element. */
  find(
    element: Element,
  ): { readonly element: SceneElement; readonly group: SVGGElement } | undefined {
    const group = element.closest("[data-labkit-node], [data-labkit-module]");
    const id = group?.getAttribute("data-labkit-node") ?? group?.getAttribute("data-labkit-module");
    return id ? this.drawn.get(id) : undefined;
  }

  /** Returns the element of a box or frame that can have the focus. */
  focusTarget(id: string): SVGGElement | null {
    const group = this.drawn.get(id)?.group;
    return group?.querySelector<SVGGElement>("[role=button]") ?? group ?? null;
  }

  /**
   * Draws a placement. Existing elements move from their old position; new ones move from `origin`,
   * or fade in.
   */
  show(
    visible: VisibleGraph,
    placement: Placement,
    sizes: ReadonlyMap<string, FittedLabel>,
    labels: Labels,
    origin: Rect | null,
  ): void {
    const before = new Map([...this.drawn].map(([id, { rect }]) => [id, rect]));
    const animated = before.size > 0;
    this.removeStale(visible);
    for (const container of visible.containers) {
      const [rect, fitted] = [placement.boxes.get(container.id), sizes.get(container.id)];
      if (rect && fitted)
        this.placeFrame(container, fitted, rect, labels, before.get(container.id));
    }
    for (const item of visible.items) {
      const [rect, fitted] = [placement.boxes.get(item.id), sizes.get(item.id)];
      if (rect && fitted)
        this.placeItem(item, fitted, rect, labels, before.get(item.id), animated, origin);
    }
    this.drawEdges(visible.edges, placement, animated);
  }

  /** Dims all boxes and arrows except `kept`; null dims none. */
  fade(kept: ReadonlySet<string> | null): void {
    for (const [id, { group, element }] of this.drawn) {
      if (element.type === "item") group.classList.toggle(FADED, kept !== null && !kept.has(id));
    }
    for (const [key, { path }] of this.edges) {
      const ends = JSON.parse(key) as string[];
      path.classList.toggle(FADED, kept !== null && !ends.every((id) => kept.has(id)));
    }
  }

  clear(): void {
    for (const group of [this.backs, this.frames, this.edgeLayer, this.boxes])
      group.replaceChildren();
    this.drawn.clear();
    this.edges.clear();
  }

  /** Removes elements that are not visible any more, or changed between box and frame. */
  private removeStale(visible: VisibleGraph): void {
    const items = new Set(visible.items.map((item) => item.id));
    const containers = new Set(visible.containers.map((container) => container.id));
    for (const [id, { group, back, element }] of this.drawn) {
      if (element.type === "item" ? items.has(id) : containers.has(id)) continue;
      group.remove();
      back?.remove();
      this.drawn.delete(id);
    }
  }

  private placeItem(
    item: Item,
    fitted: FittedLabel,
    rect: Rect,
    labels: Labels,
    old: Rect | undefined,
    animated: boolean,
    origin: Rect | null,
  ): void {
    const text = accessibleText(labels.ofItem(item), item.kind);
    const known = this.drawn.get(item.id);
    const isSame = known?.text === text && known.rect.width === rect.width;
    if (known && !isSame) known.group.remove();
    const group = known && isSame ? known.group : drawItem(item, fitted);
    group.setAttribute("aria-label", text);
    this.boxes.append(group);
    this.drawn.set(item.id, { element: { type: "item", item }, group, rect, text });
    group.setAttribute("transform", `translate(${rect.x} ${rect.y})`);
    const from = old ?? (origin && centred(rect, origin));
    if (animated && from)
      animate(group, { transform: translate(from) }, { transform: translate(rect) });
    if (animated && !known) fadeIn(group);
  }

  private placeFrame(
    container: Container,
    fitted: FittedLabel,
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
    const text = accessibleText(labels.ofModule(container.module), "module");
    group.querySelector("[role=button]")?.setAttribute("aria-label", text);
    this.frames.append(group);
    const element = { type: "container", container } as const;
    this.drawn.set(container.id, { element, group, back, rect, text });
    for (const each of [group, back])
      each.setAttribute("transform", `translate(${rect.x} ${rect.y})`);
    if (!old) return;
    const [small, large] = [sized(old), sized(rect)];
    animate(group, { transform: translate(old) }, { transform: translate(rect) });
    animate(
      back,
      { transform: translate(old), ...small },
      { transform: translate(rect), ...large },
    );
    const body = group.firstElementChild;
    if (body) animate(body, small, large);
  }

  private markers(): { "marker-start": string; "marker-end": string } {
    const head = `url(#${this.arrowhead})`;
    return {
      "marker-start": this.flow === "forward" ? "none" : head,
      "marker-end": this.flow === "backward" ? "none" : head,
    };
  }

  private drawEdges(edges: readonly VisibleEdge[], placement: Placement, animated: boolean): void {
    const known = new Map(edges.map((edge) => [keyOf(edge), edge]));
    for (const [key, line] of this.edges) {
      if (known.has(key)) continue;
      line.path.remove();
      this.edges.delete(key);
    }
    for (const route of placement.routes) {
      const key = keyOf(route);
      const edge = known.get(key);
      if (!edge || route.points.length < 4) continue;
      const line = this.edges.get(key) ?? { path: svg("path"), d: "" };
      const d = svgPathOf(route);
      const name = classOf(edge);
      line.path.classList.remove(...EDGE_CLASSES);
      line.path.classList.add(...name);
      setAttributes(line.path, { d, ...this.markers() });
      line.path.replaceChildren(svg("title", {}, edgeText(edge)));
      if (!line.path.parentNode) this.edgeLayer.append(line.path);
      if (animated && line.d !== d) fadeIn(line.path);
      this.edges.set(key, { path: line.path, d, source: route.source });
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
  const tensor = [sizesText(edge), edge.dtype ?? ""].filter(Boolean).join(" ");
  return edge.count > 1 ? `${edge.count} tensors, the first ${tensor}` : tensor;
}

function accessibleText(
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

/** Returns the position at which a box is centred in another. */
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
