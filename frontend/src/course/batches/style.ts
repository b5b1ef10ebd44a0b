/** The rules of the view; colours are those of JupyterLab's theme. */
export const STYLE = `
.labkit-batches { padding: 4px 0; font-size: 13px;
  color: var(--jp-content-font-color1, currentColor); }
.labkit-batches .bar { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; }
.labkit-batches .bar > span { display: inline-flex; gap: 4px; align-items: center; }
.labkit-batches [hidden] { display: none !important; }
.labkit-batches button { padding: 2px 10px; font: inherit; font-size: 12px; color: inherit;
  background: none; border: 1px solid var(--jp-border-color1, #8a8a8a); border-radius: 3px;
  cursor: pointer; }
.labkit-batches button[aria-pressed=true] { border-color: #0a84c6; box-shadow: inset 0 0 0 1px #0a84c6; }
.labkit-batches button:disabled { opacity: 0.5; cursor: default; }
.labkit-batches :is(button, svg, input):focus-visible { outline: 2px solid #56b4e9; outline-offset: 2px; }
.labkit-batches .drawings { display: flex; flex-wrap: wrap; gap: 8px 28px; margin-top: 8px; }
.labkit-batches figure { margin: 0; min-width: 0; max-width: 100%; overflow-x: auto; }
.labkit-batches .tall { max-height: 330px; overflow-y: auto; }
.labkit-batches figcaption { font-weight: 600; font-size: 12px; margin: 2px 0 4px; }
.labkit-batches svg { display: block; }
.labkit-batches svg text { font: 11px var(--jp-ui-font-family, system-ui, sans-serif);
  fill: var(--jp-content-font-color1, currentColor); pointer-events: none; }
.labkit-batches svg text.lane { font-size: 12px; }
.labkit-batches svg text.faint { fill: var(--jp-content-font-color2, currentColor); font-size: 11px; }
.labkit-batches .cell { stroke: var(--jp-border-color1, #8a8a8a); stroke-width: 0.75; }
.labkit-batches .none { fill: transparent; }
.labkit-batches .followed { stroke: var(--jp-content-font-color1, currentColor); stroke-width: 2.5; }
.labkit-batches .waiting { fill: none; stroke: var(--jp-content-font-color2, #8a8a8a);
  stroke-dasharray: 3 3; }
.labkit-batches .cursor { stroke: #d55e00; stroke-width: 1.5; }
.labkit-batches input[type=range] { width: 100%; max-width: 660px; margin: 2px 0; display: block;
  accent-color: #0a84c6; }
.labkit-batches p { margin: 4px 0; line-height: 1.45; min-height: 2.9em; max-width: 660px; }
`;
