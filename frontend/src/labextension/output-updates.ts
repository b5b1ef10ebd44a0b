/**
 * Applies the kernel's updates of an output on a page that was reloaded since.
 *
 * JupyterLab knows only the display ids of outputs that it has received from the kernel. The display
 * id of a view is the model id of its widget, which the output contains.
 */

import type { KernelMessage, LuminoWidget, MimeModel, OutputAreaModel } from "./jupyterlab";

type Data = MimeModel["data"];

interface DisplayContent {
  readonly data: Data;
  readonly metadata: object;
  readonly transient?: { readonly display_id?: string };
}

/** Returns the content of a message that updates the output of a view; null for all others. */
export function updateFor(modelId: string, message: KernelMessage): DisplayContent | null {
  if (message.header.msg_type !== "update_display_data") return null;
  const content = message.content as DisplayContent;
  return content.transient?.display_id === modelId ? content : null;
}

/** Puts new data into the output that a renderer is in, unless JupyterLab has done so. */
export function applyUpdate(
  renderer: LuminoWidget,
  isOutput: (data: Data) => boolean,
  { data, metadata }: DisplayContent,
): void {
  const outputs = outputsAround(renderer);
  for (let index = 0; index < (outputs?.length ?? 0); index++) {
    const output = outputs?.get(index);
    if (!output || !isOutput(output.data)) continue;
    if (output.data["image/svg+xml"] === data["image/svg+xml"]) continue;
    outputs?.set(index, { ...output.toJSON(), data, metadata });
  }
}

/** Returns the outputs of the cell that a widget is in. */
function outputsAround(widget: LuminoWidget): OutputAreaModel | null {
  for (let each: LuminoWidget | null = widget; each; each = each.parent) {
    const { model } = each as { model?: Partial<OutputAreaModel> };
    if (model?.set && model.get) return model as OutputAreaModel;
  }
  return null;
}
