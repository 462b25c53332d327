// Measures the built package: each file by itself, and what is fetched at each moment.
//
// What a script imports statically counts with it, as bundlers put it into one file (minified by
// esbuild), unless an earlier moment has brought it. Prints JSON; size.rs makes the tables.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { build, transform } from "esbuild";
import { weigh } from "./weigh.js";

const [folder, moments] = [process.argv[2], JSON.parse(process.argv[3])];

const minified = async (name) => {
  const text = readFileSync(path.join(folder, name), "utf8");
  return Buffer.from((await transform(text, { minify: true, format: "esm" })).code);
};

/** A script with what it imports statically, without what is there already, which then is. */
const bundled = async (name, there) => {
  const apart = {
    name: "apart",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\// }, ({ path: file, kind, resolveDir }) => {
        const found = path.join(resolveDir, file);
        if (kind === "dynamic-import" || there.has(found)) return { path: file, external: true };
      }),
  };
  const { outputFiles, metafile } = await build({
    entryPoints: [path.join(folder, name)],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "error",
    plugins: [apart],
  });
  for (const input of Object.keys(metafile.inputs)) there.add(path.join(folder, input));
  return Buffer.from(outputFiles[0].contents);
};

const one = (name, there) =>
  name.endsWith(".js") ? bundled(name, there) : readFileSync(path.join(folder, name));

const files = [];
for (const name of readdirSync(folder).sort())
  if (/\.(js|wasm|html)$/.test(name)) {
    const bytes = name.endsWith(".js") ? await minified(name) : readFileSync(path.join(folder, name));
    files.push({ name, ...weigh(bytes) });
  }
const measured = [];
for (const { name, after, files } of moments) {
  const there = new Set(measured.filter((earlier) => after.includes(earlier.name)).flatMap(({ there }) => [...there]));
  const parts = [];
  for (const file of files) parts.push({ name: file, ...weigh(await one(file, there)) });
  measured.push({ name, parts, there });
}
console.log(JSON.stringify({ files, moments: measured.map(({ name, parts }) => ({ name, parts })) }));
