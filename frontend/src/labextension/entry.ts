/** What JupyterLab loads of a prebuilt extension: a container of modules (module federation). */

import type { SharedModules } from "./jupyterlab";
import { createPlugin } from "./plugin";

interface Container {
  init(modules: SharedModules): void;
  get(name: string): Promise<() => unknown>;
}

declare global {
  interface Window {
    _JUPYTERLAB?: Record<string, Container>;
  }
}

let shared: SharedModules = {};

window._JUPYTERLAB ??= {};
window._JUPYTERLAB.labkit = {
  init(modules) {
    shared = modules;
  },
  async get() {
    return () => ({ __esModule: true, default: createPlugin(shared) });
  },
};
