/**
 * Rows by module, for models with more parameters than there is room for: a module's rows are one
 * until it is opened.
 */

import type { Row } from "./rows";

/** What stands in one line of the heat map. */
export interface Entry {
  /** A parameter's name, or a module's path. */
  readonly name: string;
  /** The same without what stands above it. */
  readonly short: string;
  /** The rows that are told as one; a single one for a parameter. */
  readonly rows: readonly Row[];
  readonly depth: number;
  /** Whether a click opens or closes it; null for a single row. */
  readonly open: boolean | null;
}

interface Branch {
  readonly path: string;
  readonly rows: Row[];
  readonly children: Map<string, Branch>;
}

/** The lines to show; `turned` are the modules whose state a person has changed. */
export function entriesOf(
  rows: readonly Row[],
  turned: ReadonlySet<string>,
  most: number,
): readonly Entry[] {
  if (rows.length <= most) {
    return rows.map((row) => {
      const short = row.name || "(model)";
      return { name: row.name, short, rows: [row], depth: 0, open: null };
    });
  }
  const root = treeOf(rows);
  const opened = openedAtFirst(root, most);
  const isOpen = (branch: Branch) => opened.has(branch.path) !== turned.has(branch.path);
  const entries: Entry[] = [];
  const list = (branch: Branch, depth: number) => {
    for (const child of branch.children.values()) {
      const [row] = child.rows;
      const within = branch.path === "" ? 0 : branch.path.length + 1;
      if (child.rows.length === 1 && row) {
        const short = row.name.slice(within) || "(model)";
        entries.push({ name: row.name, short, rows: child.rows, depth, open: null });
        continue;
      }
      const open = isOpen(child);
      const short = child.path.slice(within);
      entries.push({ name: child.path, short, rows: child.rows, depth, open });
      if (open) list(child, depth + 1);
    }
  };
  list(root, 0);
  return entries;
}

function treeOf(rows: readonly Row[]): Branch {
  const root: Branch = { path: "", rows: [], children: new Map() };
  for (const row of rows) {
    root.rows.push(row);
    let branch = root;
    const parts = row.name.split(".");
    parts.forEach((_, index) => {
      const path = parts.slice(0, index + 1).join(".");
      const child: Branch = branch.children.get(path) ?? { path, rows: [], children: new Map() };
      branch.children.set(path, child);
      child.rows.push(row);
      branch = child;
    });
  }
  return shortened(root);
}

/** Takes out branches with one child only: "transformer", "transformer.h" become one. */
function shortened(branch: Branch): Branch {
  const children = new Map<string, Branch>();
  for (const child of branch.children.values()) {
    let inner = child;
    while (inner.children.size === 1) inner = [...inner.children.values()][0] as Branch;
    children.set(inner.path, shortened(inner));
  }
  return { ...branch, children };
}

/** Level by level, as far as there is room; the first level is always to be seen. */
function openedAtFirst(root: Branch, most: number): ReadonlySet<string> {
  const opened = new Set<string>();
  let count = root.children.size;
  let level = [...root.children.values()];
  while (level.length > 0) {
    const next: Branch[] = [];
    for (const branch of level) {
      if (branch.children.size === 0 || count + branch.children.size > most) continue;
      opened.add(branch.path);
      count += branch.children.size;
      next.push(...branch.children.values());
    }
    level = next;
  }
  return opened;
}
