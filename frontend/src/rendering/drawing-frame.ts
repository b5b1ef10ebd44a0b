/**
 * Draws all views that are due in one animation frame, as each further frame costs a composition of
 * the whole page, and measures what the frame costs.
 */

/** Total time, in ms, that animation frames with live drawings took of the page's main thread. */
let spentMs = 0;
const due = new Set<() => void>();
let frame = 0;
let rendered: MessageChannel | null = null;

/** Calls `draw` in the next animation frame; once, however often it is requested before. */
export function drawInNextFrame(draw: () => void): void {
  due.add(draw);
  if (frame === 0) frame = requestAnimationFrame(drawAll);
}

/** Removes a drawing that was requested. */
export function cancelDrawing(draw: () => void): void {
  due.delete(draw);
}

/**
 * Returns the time, in ms, that drawing took of the main thread since the last call: scripts,
 * styles, layout and paint.
 */
export function takeDrawingTime(): number {
  const taken = spentMs;
  spentMs = 0;
  return taken;
}

function drawAll(): void {
  frame = 0;
  const began = performance.now();
  const drawings = [...due];
  due.clear();
  for (const draw of drawings) {
    try {
      draw();
    } catch (error) {
      reportError(error); // The other views are drawn all the same.
    }
  }
  afterRendering(() => {
    spentMs += performance.now() - began;
  });
}

/** Calls a function after styles, layout and paint of the present animation frame. */
function afterRendering(call: () => void): void {
  rendered ??= new MessageChannel();
  rendered.port1.onmessage = call;
  rendered.port2.postMessage(null);
}
