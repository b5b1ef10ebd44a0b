/** The link from a finding to the chapter of the course that explains it. */

import { make } from "../../parts/element";

interface JupyterPage {
  readonly baseUrl?: string;
  readonly serverRoot?: string;
}

/**
 * Returns a link where this page's Jupyter serves the course, else the chapter's name.
 *
 * In JupyterLab the link's command opens the notebook in the same window; its address is for a new
 * tab.
 */
export function chapterLink(chapter: string, course: string | null): HTMLElement {
  const [number, ...title] = chapter.split("_");
  const name = `Chapter ${number}, ${title.join(" ")}`;
  const page = jupyterPage();
  const folder = page && course ? pathBelow(page.serverRoot, course) : null;
  if (!page || folder === null) {
    const help = `The course explains it in notebooks/${chapter}.ipynb; labkit lab opens it.`;
    return make("span", { title: help }, name);
  }
  const path = `${folder}${chapter}.ipynb`;
  const attributes = {
    class: "labkit-chapter",
    href: `${page.baseUrl ?? "/"}lab/tree/${encodeURI(path)}`,
    title: `The course explains it: open ${path}`,
    "data-commandlinker-command": "docmanager:open",
    "data-commandlinker-args": JSON.stringify({ path }),
  };
  return make("a", attributes, name);
}

/** Reads Jupyter's configuration of its pages; null in other frontends. */
function jupyterPage(): JupyterPage | null {
  const config = document.getElementById("jupyter-config-data")?.textContent;
  try {
    return config ? (JSON.parse(config) as JupyterPage) : null;
  } catch {
    return null;
  }
}

/**
 * Returns the path of a folder below another, with a slash at its end; null when it is not below.
 */
function pathBelow(root: string | undefined, folder: string): string | null {
  if (!root) return null;
  const start = root.endsWith("/") ? root : `${root}/`;
  const place = `${folder}/`;
  return place.startsWith(start) ? place.slice(start.length) : null;
}
