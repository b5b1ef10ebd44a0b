/** Copies the drawing in one of three formats, and says what became of it. */

import type { Scene } from "../drawing/scene";
import type { Picture } from "../layout/graph-layout";
import type { Labels } from "../model/labels";
import { copyPng, copyText, type Destination } from "./clipboard";
import { dotText } from "./dot-source";
import { standalone } from "./standalone-svg";

export const FORMATS = ["PNG", "SVG", "DOT"] as const;

export type Format = (typeof FORMATS)[number];

const FILE = "graph";

export async function exportPicture(
  format: Format,
  picture: Picture,
  labels: Labels,
  scene: Scene,
  stage: HTMLElement,
): Promise<string> {
  try {
    return said(format, await put(format, picture, labels, scene, stage));
  } catch (error) {
    return `The picture could not be copied: ${error instanceof Error ? error.message : error}.`;
  }
}

async function put(
  format: Format,
  picture: Picture,
  labels: Labels,
  scene: Scene,
  stage: HTMLElement,
): Promise<Destination> {
  if (format === "DOT")
    return copyText(dotText(picture.visible, labels), `${FILE}.dot`, "text/vnd.graphviz");
  const paper = getComputedStyle(stage).backgroundColor;
  const drawn = standalone([scene.arrow, scene.world], picture.placement.bounds, paper);
  if (format === "PNG") return copyPng(drawn, `${FILE}.png`);
  return copyText(drawn.markup, `${FILE}.svg`, "image/svg+xml");
}

function said(format: Format, destination: Destination): string {
  return destination === "copied"
    ? `The picture is on the clipboard, as ${format}.`
    : `The picture was saved as ${FILE}.${format.toLowerCase()}.`;
}
