/** Copies text or a PNG to the clipboard; saves a file if the clipboard is not available. */

import { saveFile } from "../../../parts/save-file";
import { html } from "../drawing/elements";
import type { StandaloneSvg } from "./standalone-svg";

/** Pixels of a PNG per px of the drawing, and the maximum number of pixels. */
const PNG_SCALE = 2;
const MAX_PIXELS = 50_000_000;

export type Destination = "copied" | "saved";

export async function copyText(text: string, file: string, type: string): Promise<Destination> {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    saveFile(new Blob([text], { type }), file);
    return "saved";
  }
}

export async function copyPng(picture: StandaloneSvg, file: string): Promise<Destination> {
  const blob = await rasterise(picture);
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    return "copied";
  } catch {
    saveFile(blob, file);
    return "saved";
  }
}

async function rasterise({ markup, width, height }: StandaloneSvg): Promise<Blob> {
  const scale = Math.min(PNG_SCALE, Math.sqrt(MAX_PIXELS / (width * height)));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(markup)}`;
  await image.decode();
  const canvas = html("canvas", {
    width: Math.round(width * scale),
    height: Math.round(height * scale),
  });
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("the browser made no picture of it"));
    }, "image/png");
  });
}
