/** Builds the bundle into labkit/static: the loader as it is, the heavy scripts compressed. */

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = fileURLToPath(new URL("../labkit/static/", import.meta.url));

const bundled = [
  { entry: "src/app.ts", name: "labkit.js", format: "esm" },
  { entry: "src/plotly.ts", name: "plotly.js", format: "esm" },
  { entry: "src/graph/worker.ts", name: "layout.js", format: "iife" },
];

const licences = [
  ["plotly.js", "node_modules/plotly.js-cartesian-dist-min/LICENSE"],
  ["@hpcc-js/wasm-graphviz (with Graphviz inside)", "node_modules/@hpcc-js/wasm-graphviz/LICENSE"],
];

async function bundle(entry, format, define = {}) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format,
    target: "es2022",
    loader: { ".css": "text" },
    legalComments: "none",
    define,
  });
  return result.outputFiles[0].contents;
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const digest = createHash("sha256");
for (const { entry, name, format } of bundled) {
  const script = await bundle(entry, format);
  digest.update(script);
  await writeFile(`${target}${name}.gz`, gzipSync(script, { level: 9 }));
}
const buildId = JSON.stringify(digest.digest("hex").slice(0, 16));
const loader = await bundle("src/loader.ts", "esm", { LABKIT_BUILD: buildId });
await writeFile(`${target}loader.js`, loader);
const texts = await Promise.all(
  licences.map(async ([name, path]) => `${name}\n\n${await readFile(`${here}${path}`, "utf8")}`),
);
await writeFile(`${target}THIRD_PARTY.txt`, texts.join(`\n${"-".repeat(79)}\n\n`));
