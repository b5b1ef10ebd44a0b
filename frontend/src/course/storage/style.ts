/** The rules of the explorer; colours are those of JupyterLab's theme. */
export const STYLE = `
.labkit-storage { color: var(--jp-content-font-color1, currentColor); font-size: 13px;
  padding: 4px 0; max-width: 100%; }
.labkit-storage h4 { margin: 10px 0 6px; font-size: 13px; font-weight: 600; }
.labkit-storage p { margin: 6px 0; line-height: 1.45; min-height: 1.45em; }
.labkit-storage .sum { font-family: var(--jp-code-font-family, ui-monospace, monospace);
  font-size: 12.5px; }
.labkit-storage .problem { color: color-mix(in srgb, #e53935 75%, currentColor); font-weight: 600; }
.labkit-storage .recipes, .labkit-storage form { display: flex; flex-wrap: wrap; gap: 6px 14px;
  align-items: center; margin: 4px 0; }
.labkit-storage button, .labkit-storage input { font: inherit; color: inherit;
  font-family: var(--jp-code-font-family, ui-monospace, monospace); font-size: 12.5px;
  background: var(--jp-layout-color1, transparent);
  border: 1px solid var(--jp-border-color1, #8a8a8a); border-radius: 3px; padding: 3px 9px; }
.labkit-storage button { cursor: pointer; }
.labkit-storage button[aria-pressed=true] { border-color: #0a84c6; border-width: 2px;
  padding: 2px 8px; }
.labkit-storage button:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
.labkit-storage input { width: 88px; }
.labkit-storage input.offset { width: 48px; }
.labkit-storage :is(button, input, .cell):focus-visible { outline: 2px solid #56b4e9;
  outline-offset: 2px; }
.labkit-storage .strip { display: flex; flex-wrap: wrap; gap: 4px; }
.labkit-storage .blocks { display: flex; flex-wrap: wrap; gap: 12px 22px; overflow-x: auto;
  padding: 2px; }
.labkit-storage .block { display: grid; gap: 4px; justify-content: start; }
.labkit-storage .cell { --hue: #8a8a8a; box-sizing: border-box; min-width: 42px; height: 40px;
  padding: 3px 5px; border-radius: 3px; text-align: center; cursor: default; line-height: 1.25;
  border: 1px solid var(--jp-border-color1, #8a8a8a); white-space: nowrap;
  background: color-mix(in srgb, var(--hue) 30%, transparent); }
.labkit-storage .cell.unread { border-style: dashed; background: none; }
.labkit-storage .cell small { display: block; font-size: 11px;
  color: var(--jp-content-font-color2, currentColor); }
.labkit-storage .cell.marked { border-color: currentColor; box-shadow: 0 0 0 1px currentColor;
  background: color-mix(in srgb, var(--hue) 70%, transparent); }
`;
