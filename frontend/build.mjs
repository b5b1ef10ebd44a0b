/**
 * Builds the frontend into `labkit/static`.
 *
 * Every view contains `loader.js`, every channel `channel-recorder.js`; the kernel sends the
 * compressed scripts once per page. An exported page contains `exported.js` and the compressed
 * scripts. The first two contain the digest of the scripts, so that a page
 * can contain two builds. JupyterLab loads `labextensions` from where it is installed. The build is
 * reproducible: the same sources give the same bytes.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const STATIC = fileURLToPath(new URL("../labkit/static/", import.meta.url));

const SCRIPTS = [
  { name: "labkit.js", entry: "src/app.ts", format: "esm" },
  { name: "plotly.js", entry: "src/plotly.ts", format: "esm" },
  { name: "layout.js", entry: "src/views/graph/layout/worker.ts", format: "iife" },
];

/** Libraries whose code is bundled into the scripts. */
const BUNDLED = ["plotly.js-cartesian-dist-min", "@hpcc-js/wasm-graphviz"];

const SYSTEM_BYTE = 9;
const UNKNOWN_SYSTEM = 255;

async function bundle(entry, format, define = {}) {
  const result = await build({
    absWorkingDir: HERE,
    bundle: true,
    charset: "utf8",
    define,
    entryPoints: [entry],
    format,
    legalComments: "none",
    loader: { ".css": "text" },
    logLevel: "warning",
    minify: true,
    target: "es2022",
    write: false,
  });
  return result.outputFiles[0].contents;
}

/** Node writes no time into the header; this removes the operating system. */
function compressed(script) {
  const zipped = gzipSync(script, { level: 9 });
  zipped[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
  return zipped;
}

async function licenceOf(name) {
  const folder = `${HERE}node_modules/${name}`;
  const { version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  return `${name} ${version}\n\n${await readFile(`${folder}/LICENSE`, "utf8")}`;
}

async function licences() {
  const inside = await readFile(`${HERE}src/third-party.txt`, "utf8");
  return [...(await Promise.all(BUNDLED.map(licenceOf))), inside].join(`\n${"-".repeat(80)}\n\n`);
}

/** Describes the extension to JupyterLab. Browsers store scripts, so the address has a digest. */
function extensionDescription(script) {
  const digest = createHash("sha256").update(script).digest("hex").slice(0, 16);
  const load = `static/entry.js?${digest}`;
  const description = {
    name: "labkit",
    version: digest,
    description: "Shows saved views of labkit where their kernel is gone.",
    license: "BSD-3-Clause",
    jupyterlab: { extension: true, _build: { load, extension: "./extension" } },
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

const files = new Map();
const digest = createHash("sha256");
for (const { name, entry, format } of SCRIPTS) {
  const script = await bundle(entry, format);
  digest.update(script);
  files.set(`${name}.gz`, compressed(script));
}
const define = { LABKIT_BUILD: JSON.stringify(digest.digest("hex").slice(0, 16)) };
files.set("loader.js", await bundle("src/loader.ts", "esm", define));
files.set("channel-recorder.js", await bundle("src/channel-recorder.ts", "esm", define));
files.set("exported.js", await bundle("src/exported/page.ts", "iife"));
files.set("pad.js", await bundle("src/course/pad/pad.ts", "esm"));
files.set("batches.js", await bundle("src/course/batches/batches.ts", "esm"));
files.set("boundary.js", await bundle("src/course/boundary/boundary.ts", "esm"));
files.set("threshold.js", await bundle("src/course/boundary/threshold.ts", "esm"));
files.set("race.js", await bundle("src/course/race/race.ts", "esm"));
files.set("line.js", await bundle("src/course/line/line.ts", "esm"));
files.set("sliding.js", await bundle("src/course/sliding/sliding.ts", "esm"));
files.set("storage.js", await bundle("src/course/storage/storage.ts", "esm"));
files.set("broadcast.js", await bundle("src/course/broadcast/broadcast.ts", "esm"));
files.set("loop.js", await bundle("src/course/loop/loop.ts", "esm"));
files.set("prediction.js", await bundle("src/course/prediction/card.ts", "esm"));
files.set("playground.js", await bundle("src/views/playground/playground.ts", "esm"));
files.set("THIRD_PARTY.txt", await licences());
const extension = await bundle("src/labextension/entry.ts", "iife");
files.set("labextensions/labkit/static/entry.js", extension);
files.set("labextensions/labkit/package.json", extensionDescription(extension));

await rm(STATIC, { recursive: true, force: true });
await mkdir(STATIC, { recursive: true });
for (const [name, contents] of files) {
  await mkdir(dirname(STATIC + name), { recursive: true });
  await writeFile(STATIC + name, contents);
  console.log(`${name.padEnd(28)} ${String(contents.length).padStart(9)} bytes`);
}
