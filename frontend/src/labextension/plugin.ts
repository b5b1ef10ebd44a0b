/** The plugin of JupyterLab and Notebook that shows saved views where their kernel is gone. */

import { markOutputsInPlace } from "../transport/outputs-in-place";
import {
  type KernelMessage,
  type LuminoWidget,
  type NotebookTracker,
  type PanelClass,
  type Plugin,
  type RendererOptions,
  type Rendermime,
  type SharedModules,
  sharedModule,
} from "./jupyterlab";
import { type Place, rendererClass, VIEW_MIME_TYPE } from "./renderer";
import { STILL_STYLE } from "./still";

const WIDGET_MIME_TYPE = "application/vnd.jupyter.widget-view+json";
/** Lower than that of widgets, so that it is chosen first. */
const RANK = -20;
const RUNNING = ["idle", "busy", "starting", "connected"];

export function createPlugin(shared: SharedModules): Plugin {
  return {
    id: "labkit:saved-views",
    autoStart: true,
    async activate(app) {
      const [lumino, rendermimes, notebooks] = await Promise.all([
        sharedModule<{ Panel: PanelClass }>(shared, "@lumino/widgets"),
        sharedModule<{ IRenderMimeRegistry: unknown }>(shared, "@jupyterlab/rendermime"),
        sharedModule<{ INotebookTracker: unknown }>(shared, "@jupyterlab/notebook"),
      ]);
      const registry = await app.resolveOptionalService<Rendermime>(
        rendermimes.IRenderMimeRegistry,
      );
      const tracker = await app.resolveOptionalService<NotebookTracker>(notebooks.INotebookTracker);
      if (!registry) return;
      addStyle();
      const ViewRenderer = rendererClass(lumino.Panel, (options) =>
        placeOf(options, registry, tracker),
      );
      registry.addFactory(
        {
          safe: true,
          mimeTypes: [VIEW_MIME_TYPE],
          createRenderer: (options): LuminoWidget => new ViewRenderer(options),
        },
        RANK,
      );
      markOutputsInPlace();
    },
  };
}

/** Each notebook has its own renderer of widgets, for its kernel. */
function placeOf(
  options: RendererOptions,
  registry: Rendermime,
  tracker: NotebookTracker | null,
): Place {
  const panel = () =>
    tracker?.find((each) => each.content.rendermime.resolver === options.resolver);
  const rendermime = () => panel()?.content.rendermime ?? registry;
  return {
    factory: () => rendermime().getFactory(WIDGET_MIME_TYPE),
    widgetRenderer: () => rendermime().createRenderer(WIDGET_MIME_TYPE),
    watch(onChange, onMessage) {
      const session = panel()?.sessionContext;
      const receive = (_: unknown, message: KernelMessage) => onMessage(message);
      session?.kernelChanged.connect(onChange);
      session?.statusChanged.connect(onChange);
      session?.iopubMessage.connect(receive);
      return () => {
        session?.kernelChanged.disconnect(onChange);
        session?.statusChanged.disconnect(onChange);
        session?.iopubMessage.disconnect(receive);
      };
    },
    isAlive: () => RUNNING.includes(panel()?.sessionContext.session?.kernel?.status ?? ""),
  };
}

function addStyle(): void {
  const style = document.createElement("style");
  style.textContent = STILL_STYLE;
  document.head.append(style);
}
