/** Copies the drawing in one of three formats; returns a sentence on the result. */

import type { Scene } from "../drawing/scene";
import type { GraphLayout } from "../layout/graph-layout";
import type { Labels } from "../model/labels";
import { copyPng, copyText, type Destination } from "./clipboard";
import { dotText } from "./dot-source";
import { standaloneSvg } from "./standalone-svg";

export const FORMATS = ["PNG", "SVG", "DOT"] as const;

export type Format = (typeof FORMATS)[number];

const FILE = "graph";

export async function exportDrawing(
  format: Format,
  picture: GraphLayout,
  labels: Labels,
  scene: Scene,
  stage: HTMLElement,
): Promise<string> {
  try {
    return resultMessage(format, await exportAs(format, picture, labels, scene, stage));
  } catch (error) {
    return `The picture could not be copied: ${error instanceof Error ? error.message : error}.`;
  }
}

async function exportAs(
  format: Format,
  picture: GraphLayout,
  labels: Labels,
  scene: Scene,
  stage: HTMLElement,
): Promise<Destination> {
  if (format === "DOT")
    return copyText(dotText(picture.visible, labels), `${FILE}.dot`, "text/vnd.graphviz");
  const background = getComputedStyle(stage).backgroundColor;
  const drawn = standaloneSvg(
    [scene.arrowDefinition, scene.world],
    picture.placement.bounds,
    background,
  );
  if (format === "PNG") return copyPng(drawn, `${FILE}.png`);
  return copyText(drawn.markup, `${FILE}.svg`, "image/svg+xml");
}

function resultMessage(format: Format, destination: Destination): string {
  return destination === "copied"
    ? `The picture is on the clipboard, as ${format}.`
    : `The picture was saved as ${FILE}.${format.toLowerCase()}.`;
}
