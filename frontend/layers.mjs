/**
 * The layers of the frontend, checked by dependency-cruiser in `npm run lint`.
 *
 * A file imports files of its own layer and of the layers below it, never of one above. Type-only
 * imports count as imports. Import cycles are forbidden everywhere.
 *
 * `LAYERS` and `GRAPH_LAYERS` are listed from the bottom to the top. The folders mirror
 * `labkit/run` (history) and `labkit/views` (all others). A new file or folder of `src` must be
 * added here.
 */

const LAYERS = [
  // The types of everything that kernel and page exchange, as in `labkit/views/messages`.
  { name: "messages", path: "messages/" },
  // The interface through which views read and control a run.
  { name: "session", path: "session\\.ts$" },
  // Decodes numbers from the buffers of a message.
  { name: "decoding", path: "decoding/" },
  // The bounded history of each table.
  { name: "history", path: "history/" },
  // Which views are in sight, when they are drawn, and what that costs.
  { name: "rendering", path: "rendering/" },
  // The connection with the kernel; implements the session.
  { name: "transport", path: "transport/" },
  // Shared by all views: elements, number formats, colours, redrawing, settings.
  { name: "parts", path: "parts/" },
  // Plotly figures, and heat maps over the steps; neither imports the other.
  { name: "figures", path: "(plot|heat-map)/" },
  // One folder per view; see `SEPARATE` for what they may import of each other.
  { name: "views", path: "views/(?!(dashboard|comparison|runs)/)[^/]+/" },
  // All views of a run on one page, those of several runs, and the table of many.
  { name: "compositions", path: "views/(dashboard|comparison|runs)/" },
  // What the kernel sends to the page: opens the session and draws one view.
  { name: "app", path: "(app|resumable-views)\\.ts$" },
];

/** Inside `views/graph`. */
const GRAPH_LAYERS = [
  // A graph's data with collapsed repeats, the tree of its module calls, names as text.
  { name: "structure", path: "structure/" },
  // Finds repeated sections, and collapses each into one pass.
  { name: "repeats", path: "repeats/" },
  // What is visible of a graph, its labels, its changes, its search; no DOM.
  { name: "model", path: "model/" },
  // Positions from Graphviz, which runs in a worker.
  { name: "layout", path: "layout/" },
  // SVG elements at these positions, pan and zoom.
  { name: "drawing", path: "drawing/" },
  // Colours by a quantity; export to files and clipboard.
  { name: "colouring and export", path: "(colouring|export)/" },
  // Toolbar, details, sliders, timeline: HTML around the drawing.
  { name: "panels", path: "panels/" },
  // State, interaction and wiring of the view.
  { name: "view", path: "[^/]+\\.(ts|css)$" },
];

/** A widget of the course, which contains little besides its own folder. */
function courseWidget(name, others) {
  return {
    name,
    path: `^src/course/${name}/`,
    uses: `^src/(${others}messages/|parts/(element|shortcut-guard|ticks|visible-text|widget|queries)\\.ts$)`,
  };
}

/** Scripts that are bundled separately, and must stay small. */
const SCRIPTS = [
  // Waits for the main script; records the messages that arrive before it.
  {
    name: "loader",
    path: "^src/(loader|channel-recorder)\\.ts$",
    uses: "^src/(transport|decoding|messages)/",
  },
  // The Web Worker that runs Graphviz.
  { name: "worker", path: "^src/views/graph/layout/worker\\.ts$", uses: "layout/messages\\.ts$" },
  // The part of plotly.js that pages load.
  { name: "plotly", path: "^src/plotly\\.ts$", uses: "^$" },
  // Starts the views of an exported page, and answers their requests.
  { name: "exported page", path: "^src/exported/", uses: "^src/(transport|decoding|messages)/" },
  // The widgets of the course: one folder and one script each.
  ...[
    "batches",
    "boundary",
    "broadcast",
    "loop",
    "pad",
    "prediction",
    "race",
    "sliding",
    "storage",
  ].map((name) => courseWidget(name, "")),
  // The line that is fitted to points, with the map and the player of the race.
  courseWidget("line", "course/race/|"),
  // The playground, a widget of its own.
  {
    name: "playground",
    path: "^src/views/playground/",
    uses: "^src/(parts|heat-map|transport|decoding|messages)/",
  },
  // What JupyterLab loads at its start: shows saved views where their kernel is gone.
  { name: "labextension", path: "^src/labextension/", uses: "outputs-in-place\\.ts$" },
];

/** Folders of one layer that must not import each other. */
const SEPARATE = [
  ["^src/plot/", "^src/heat-map/"],
  ["^src/heat-map/", "^src/plot/"],
  ["^src/views/graph/colouring/", "^src/views/graph/export/"],
  ["^src/views/graph/export/", "^src/views/graph/colouring/"],
  // The stepper shows its walk in a graph view; no other view imports another.
  ["^src/views/stepper/", "^src/views/(?!stepper/|graph/)[^/]+/"],
  // The layers view reads the data of the graph, which needs no DOM.
  ["^src/views/layers/", "^src/views/(?!layers/|graph/structure/)[^/]+/"],
  [
    "^src/views/(?!stepper/|layers/|dashboard/|comparison/|runs/)([^/]+)/",
    "^src/views/(?!$1/)[^/]+/",
  ],
  ["^src/views/dashboard/", "^src/views/(comparison|runs)/"],
  ["^src/views/comparison/", "^src/views/(dashboard|runs)/"],
  ["^src/views/runs/", "^src/views/(dashboard|comparison)/"],
  // Views access a run only through its session; the stepper, the table of runs and the playground
  // exchange messages of their widgets' models.
  [
    "^src/(parts|plot|heat-map|views/(?!stepper/|runs/|playground/))",
    "^src/(transport|history|decoding)/",
  ],
];

const OUTSIDE = "^node_modules|^src/[^/]+\\.d\\.ts$";

/** Returns rules that forbid imports from a layer above the importing file. */
function upward(root, layers, below) {
  return layers.map(({ name, path }, index) => ({
    name: `layer: ${name}`,
    severity: "error",
    comment: "imports a layer above its own",
    from: { path: `^${root}${path}` },
    to: {
      path: "^src/",
      pathNot: [
        ...layers.slice(0, index + 1).map((layer) => `^${root}${layer.path}`),
        ...below,
        OUTSIDE,
      ],
    },
  }));
}

const BELOW_GRAPH = LAYERS.slice(
  0,
  LAYERS.findIndex(({ name }) => name === "views"),
).map(({ path }) => `^src/${path}`);
const KNOWN = [
  ...LAYERS.filter(({ name }) => name !== "views").map(({ path }) => `^src/${path}`),
  "^src/views/(?!graph/)[^/]+/",
  "^src/views/style\\.css$",
  ...GRAPH_LAYERS.map(({ path }) => `^src/views/graph/${path}`),
  ...SCRIPTS.map(({ path }) => path),
  OUTSIDE,
];

export default {
  forbidden: [
    {
      name: "no import cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...upward("src/", LAYERS, ["^src/views/style\\.css$"]),
    ...upward("src/views/graph/", GRAPH_LAYERS, BELOW_GRAPH),
    ...SEPARATE.map(([from, to]) => ({
      name: `separate: ${from}`,
      severity: "error",
      from: { path: from },
      to: { path: to },
    })),
    ...SCRIPTS.map(({ name, path, uses }) => ({
      name: `script: ${name}`,
      severity: "error",
      from: { path },
      to: { path: "^src/", pathNot: [path, uses] },
    })),
    {
      name: "scripts are not imported",
      severity: "error",
      from: { pathNot: SCRIPTS.map(({ path }) => path) },
      to: { path: [...SCRIPTS.map(({ path }) => path), "^src/app\\.ts$", "^tests/"] },
    },
    {
      name: "every file has a layer",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: KNOWN },
    },
    {
      name: "every file has a layer, imported or not",
      severity: "error",
      from: { path: "^src/", pathNot: KNOWN, orphan: true },
      to: {},
    },
    {
      name: "every import is found",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no API for dependency-cruiser; swc parses types as well.
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".d.ts", ".js"] },
  },
};
