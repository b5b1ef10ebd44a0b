/**
 * Groups rows by module, for models with more parameters than the heat map has room for. A closed
 * module is drawn as one line.
 */

import { isWithin } from "../parts/selection";
import type { Row } from "./rows";

/** A line of the heat map. */
export interface HeatMapEntry {
  /** A parameter's name, or a module's path. */
  readonly name: string;
  /** The name without the prefix that an enclosing line shows. */
  readonly shortName: string;
  /** The merged rows; a single one for a parameter. */
  readonly rows: readonly Row[];
  readonly depth: number;
  /** Whether the module is open; null for a single row. */
  readonly open: boolean | null;
}

interface ModuleBranch {
  readonly path: string;
  readonly rows: Row[];
  readonly children: Map<string, ModuleBranch>;
}

/** Returns the lines to show; `toggled` are the modules that the user opened or closed. */
export function entriesOf(
  rows: readonly Row[],
  toggled: ReadonlySet<string>,
  max: number,
): readonly HeatMapEntry[] {
  if (rows.length <= max) {
    return rows.map((row) => {
      const shortName = row.name || "(model)";
      return { name: row.name, shortName, rows: [row], depth: 0, open: null };
    });
  }
  const root = treeOf(rows);
  const opened = initiallyOpen(root, max);
  const isOpen = (branch: ModuleBranch) => opened.has(branch.path) !== toggled.has(branch.path);
  const entries: HeatMapEntry[] = [];
  const list = (branch: ModuleBranch, depth: number) => {
    for (const child of branch.children.values()) {
      const [row] = child.rows;
      const within = branch.path === "" ? 0 : branch.path.length + 1;
      if (child.rows.length === 1 && row) {
        const shortName = row.name.slice(within) || "(model)";
        entries.push({ name: row.name, shortName, rows: child.rows, depth, open: null });
        continue;
      }
      const open = isOpen(child);
      const shortName = child.path.slice(within);
      entries.push({ name: child.path, shortName, rows: child.rows, depth, open });
      if (open) list(child, depth + 1);
    }
  };
  list(root, 0);
  return entries;
}

/** Returns the closed modules around a parameter or module, which must be opened to show it. */
export function closedAround(
  rows: readonly Row[],
  toggled: ReadonlySet<string>,
  max: number,
  path: string,
): readonly string[] {
  const opened = new Set(toggled);
  const found: string[] = [];
  for (;;) {
    const closed = entriesOf(rows, opened, max).find(
      ({ name, open }) => open === false && isWithin(path, name),
    );
    if (!closed) return found;
    found.push(closed.name);
    if (!opened.delete(closed.name)) opened.add(closed.name);
  }
}

function treeOf(rows: readonly Row[]): ModuleBranch {
  const root: ModuleBranch = { path: "", rows: [], children: new Map() };
  for (const row of rows) {
    root.rows.push(row);
    let branch = root;
    const parts = row.name.split(".");
    parts.forEach((_, index) => {
      const path = parts.slice(0, index + 1).join(".");
      const child: ModuleBranch = branch.children.get(path) ?? {
        path,
        rows: [],
        children: new Map(),
      };
      branch.children.set(path, child);
      child.rows.push(row);
      branch = child;
    });
  }
  return mergeSingleChildren(root);
}

/** Merges branches that have a single child: "transformer" and "transformer.h" become one. */
function mergeSingleChildren(branch: ModuleBranch): ModuleBranch {
  const children = new Map<string, ModuleBranch>();
  for (const child of branch.children.values()) {
    let inner = child;
    while (inner.children.size === 1) inner = [...inner.children.values()][0] as ModuleBranch;
    children.set(inner.path, mergeSingleChildren(inner));
  }
  return { ...branch, children };
}

/** Returns the modules to open: level by level while there is room, and always the first level. */
function initiallyOpen(root: ModuleBranch, max: number): ReadonlySet<string> {
  const opened = new Set<string>();
  let count = root.children.size;
  let level = [...root.children.values()];
  while (level.length > 0) {
    const next: ModuleBranch[] = [];
    for (const branch of level) {
      if (branch.children.size === 0 || count + branch.children.size > max) continue;
      opened.add(branch.path);
      count += branch.children.size;
      next.push(...branch.children.values());
    }
    level = next;
  }
  return opened;
}
