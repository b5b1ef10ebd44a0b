/**
 * The part of JupyterLab's and Lumino's interfaces that the extension uses, and the modules that
 * JupyterLab shares with extensions.
 */

export interface LuminoWidget {
  readonly node: HTMLElement;
  readonly parent: LuminoWidget | null;
  readonly isDisposed: boolean;
  readonly isHidden: boolean;
  dispose(): void;
}

export interface LuminoPanel extends LuminoWidget {
  readonly widgets: readonly LuminoWidget[];
  addWidget(widget: LuminoWidget): void;
  hide(): void;
  show(): void;
}

export type PanelClass = new () => LuminoPanel;

/** An output: its content by MIME type. */
export interface MimeModel {
  readonly trusted: boolean;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Renderer extends LuminoPanel {
  renderModel(model: MimeModel): Promise<void>;
}

export interface RendererOptions {
  readonly mimeType: string;
  /** Resolves addresses relative to the notebook, so each notebook has its own. */
  readonly resolver?: unknown;
}

export interface RendererFactory {
  readonly safe: boolean;
  readonly mimeTypes: readonly string[];
  createRenderer(options: RendererOptions): LuminoWidget;
}

export interface Rendermime {
  readonly resolver: unknown;
  getFactory(mimeType: string): RendererFactory | undefined;
  addFactory(factory: RendererFactory, rank: number): void;
  createRenderer(mimeType: string): Renderer;
}

export interface Signal<Arguments = unknown> {
  connect(slot: (sender: unknown, argument: Arguments) => void): unknown;
  disconnect(slot: (sender: unknown, argument: Arguments) => void): unknown;
}

/** A message of the kernel. */
export interface KernelMessage {
  readonly header: { readonly msg_type: string };
  readonly content: unknown;
}

/** The outputs of a cell. */
export interface OutputAreaModel {
  readonly length: number;
  get(index: number): { readonly data: MimeModel["data"]; toJSON(): object };
  set(index: number, output: object): void;
}

export interface NotebookPanel {
  readonly content: { readonly rendermime: Rendermime };
  readonly sessionContext: {
    readonly session: { readonly kernel: { readonly status: string } | null } | null;
    readonly kernelChanged: Signal;
    readonly statusChanged: Signal;
    readonly iopubMessage: Signal<KernelMessage>;
  };
}

export interface NotebookTracker {
  find(matches: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
}

export interface Application {
  resolveOptionalService<Service>(token: unknown): Promise<Service | null>;
}

export interface Plugin {
  readonly id: string;
  readonly autoStart: boolean;
  activate(app: Application): Promise<void>;
}

/** The versions of each module that the page can load, by the name of the module. */
export type SharedModules = Readonly<Record<string, Readonly<Record<string, SharedModule>>>>;

interface SharedModule {
  readonly loaded?: unknown;
  get(): Promise<() => unknown> | (() => unknown);
}

/** Imports a module of which the page has one version: the loaded one, else the newest. */
export async function sharedModule<Module>(shared: SharedModules, name: string): Promise<Module> {
  const versions = Object.entries(shared[name] ?? {});
  const [first] = versions.sort(
    ([version, module], [otherVersion, other]) =>
      Number(Boolean(other.loaded)) - Number(Boolean(module.loaded)) ||
      otherVersion.localeCompare(version, "en", { numeric: true }),
  );
  if (!first) throw new Error(`labkit: this page does not share ${name}`);
  return (await first[1].get())() as Module;
}
