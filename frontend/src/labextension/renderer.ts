/**
 * Shows the widget of an output while the kernel has it, and its saved picture otherwise.
 *
 * An output that is updated does not close its views, as JupyterLab's own renderer of widgets does.
 */

import type { KernelMessage, MimeModel, PanelClass, Renderer, RendererOptions } from "./jupyterlab";
import { applyUpdate, updateFor } from "./output-updates";
import { Still } from "./still";

/** Content of an output: the model id of the widget. */
export const VIEW_MIME_TYPE = "application/vnd.labkit.view+json";

/** The time after which the picture is shown, in ms, unless it is known that there is no view. */
const STILL_AFTER_MS = 400;

/** What the renderer needs to know of the notebook of its output. */
export interface Place {
  /** JupyterLab's factory of renderers of widgets, which a new kernel replaces. */
  factory(): unknown;
  /** Creates such a renderer; throws if there is no factory. */
  widgetRenderer(): Renderer;
  /** Calls functions when the kernel or its status changes, and with the kernel's messages. */
  watch(onChange: () => void, onMessage: (message: KernelMessage) => void): () => void;
  /** Whether the kernel runs, so that a view that is closed was closed on purpose. */
  isAlive(): boolean;
}

/** Returns the class of the renderers, which is one of Lumino's panels. */
export function rendererClass(Panel: PanelClass, placeOf: (options: RendererOptions) => Place) {
  return class ViewRenderer extends Panel {
    readonly mimeType: string;
    readonly #place: Place;
    readonly #still = new Still();
    readonly #observer = new MutationObserver(() => this.#arrange());
    #live: Renderer | null = null;
    /** The factory of `#live`: one without a kernel never opens a view. */
    #factory: unknown = null;
    #unwatch: (() => void) | null = null;
    #wasLive = false;
    #modelId: string | null = null;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(options: RendererOptions) {
      super();
      this.mimeType = options.mimeType;
      this.#place = placeOf(options);
      this.node.style.position = "relative";
      this.node.append(this.#still.element);
    }

    async renderModel(model: MimeModel): Promise<void> {
      this.#still.update(model);
      const modelId = this.#modelIdIn(model.data);
      if (!model.trusted) this.#still.show(true);
      else if (modelId !== this.#modelId) {
        this.#modelId = modelId;
        await this.#open(model);
      }
    }

    override dispose(): void {
      clearTimeout(this.#timer);
      this.#observer.disconnect();
      this.#unwatch?.();
      super.dispose();
    }

    #modelIdIn(data: MimeModel["data"]): string | null {
      const content = data[this.mimeType] as { readonly model_id?: string } | undefined;
      return content?.model_id ?? null;
    }

    /** JupyterLab may apply the update after this call. */
    #receive(message: KernelMessage): void {
      const modelId = this.#modelId;
      const update = modelId === null ? null : updateFor(modelId, message);
      if (!update) return;
      setTimeout(() => {
        const isOutput = (data: MimeModel["data"]) => this.#modelIdIn(data) === modelId;
        if (!this.isDisposed) applyUpdate(this, isOutput, update);
      });
    }

    async #open(model: MimeModel): Promise<void> {
      this.#live?.dispose();
      this.#wasLive = false;
      this.#factory = this.#place.factory();
      this.#unwatch?.();
      this.#unwatch = this.#place.watch(
        () => this.#openAgain(model),
        (message) => this.#receive(message),
      );
      this.#live = this.#createLive();
      const live = this.#live;
      if (!live) {
        this.#still.show(true);
        return;
      }
      live.node.classList.add("labkit-waiting");
      this.addWidget(live);
      this.#observer.observe(live.node, { childList: true, attributeFilter: ["class"] });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#arrange(true), STILL_AFTER_MS);
      await live.renderModel(model).catch(() => null);
      if (live === this.#live) this.#arrange(true);
    }

    /** Opens the view of a kernel that has been connected since. */
    #openAgain(model: MimeModel): void {
      if (this.isDisposed || this.#hasView || this.#wasLive) return;
      if (this.#place.factory() !== this.#factory) this.#open(model);
    }

    get #hasView(): boolean {
      const live = this.#live;
      return live !== null && live.widgets.length > 0 && !live.isHidden;
    }

    #createLive(): Renderer | null {
      try {
        return this.#place.widgetRenderer();
      } catch {
        return null;
      }
    }

    /** Shows the view if there is one, else the picture. */
    #arrange(isDue = this.#still.isShown): void {
      const live = this.#live;
      if (!live || this.isDisposed) return;
      const hasView = this.#hasView;
      const isClosed = !hasView && this.#wasLive && this.#place.isAlive();
      this.#wasLive ||= hasView;
      if (hasView === live.node.classList.contains("labkit-waiting")) {
        live.node.classList.toggle("labkit-waiting", !hasView);
      }
      const showsStill = !hasView && !isClosed && (isDue || this.#wasLive);
      if (showsStill !== this.#still.isShown) this.#still.show(showsStill);
    }
  };
}
