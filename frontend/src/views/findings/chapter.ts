/** The link from a finding to the chapter of the course that explains it. */

import { make } from "../../parts/element";

/** A finding of a file could name any other place on the server. */
const CHAPTER = /^\d\d_\w+$/;

interface JupyterPage {
  readonly baseUrl?: string;
  readonly serverRoot?: string;
}

/**
 * Returns a link if this page's Jupyter server has the course, and the chapter's name otherwise.
 *
 * In JupyterLab the command of the link opens the notebook in the same window; the URL is used for
 * a new tab.
 */
export function chapterLink(chapter: string, course: string | null): HTMLElement {
  const [number, ...title] = chapter.split("_");
  const name = `Chapter ${number}, ${title.join(" ")}`;
  const page = jupyterPage();
  const folder = page && course ? pathBelow(page.serverRoot, course) : null;
  if (!page || folder === null || !CHAPTER.test(chapter)) {
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

/** Returns Jupyter's page configuration; null in other frontends. */
function jupyterPage(): JupyterPage | null {
  const config = document.getElementById("jupyter-config-data")?.textContent;
  try {
    return config ? (JSON.parse(config) as JupyterPage) : null;
  } catch {
    return null;
  }
}

/** Returns the path of `folder` relative to `root`, with a final slash; null if it is outside. */
function pathBelow(root: string | undefined, folder: string): string | null {
  if (!root) return null;
  const start = root.endsWith("/") ? root : `${root}/`;
  const place = `${folder}/`;
  return place.startsWith(start) ? place.slice(start.length) : null;
}
