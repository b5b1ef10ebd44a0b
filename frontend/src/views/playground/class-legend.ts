/** The classes with the colours and shapes of their points. */

import { make } from "../../parts/element";
import { areaColour, classPointColour, traceShape } from "./class-colours";
import { fitCanvas } from "./painting";

const SIDE = 16;
const RADIUS = 4;

export function classLegend(names: readonly string[], dark: boolean): HTMLElement[] {
  return names.map((name, place) => {
    const canvas = make("canvas", { "aria-hidden": "true" });
    canvas.style.background = areaColour(place, 1, dark);
    paint(canvas, place, dark);
    const title = `${name}: the paler its colour, the less sure the network is`;
    return make("span", { class: "playground-class", title }, canvas, make("span", {}, name));
  });
}

function paint(canvas: HTMLCanvasElement, place: number, dark: boolean): void {
  fitCanvas(canvas, SIDE, SIDE);
  const context = canvas.getContext("2d");
  if (!context) return;
  const ratio = canvas.width / SIDE;
  context.beginPath();
  traceShape(context, place, [canvas.width / 2, canvas.height / 2], RADIUS * ratio);
  context.fillStyle = classPointColour(place, dark);
  context.strokeStyle = dark ? "#111" : "#fff";
  context.lineWidth = ratio;
  context.fill();
  context.stroke();
}
