// The field app: pwa/ bundled into static/vendor/field, with a version that is its content's hash.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { build } from "esbuild";

const OPTIONS = { bundle: true, minify: true, legalComments: "eof", logLevel: "warning", target: "es2022" };
const PREFIX = "/static/vendor/field/";

/** Build into `folder`, whole or not at all. The decoder's wasm is the one that barcode-detector was
 * made with, no other. */
export async function buildField(root, folder) {
  const to = `${folder}.${process.pid}`;
  await mkdir(to, { recursive: true });
  try {
    await fill(root, to);
    await rm(folder, { recursive: true, force: true });
    await rename(to, folder);
  } finally {
    await rm(to, { recursive: true, force: true });
  }
}

async function fill(root, to) {
  const pwa = join(root, "pwa");
  await build({
    ...OPTIONS,
    entryPoints: { app: join(pwa, "main.js") },
    outdir: to,
    format: "esm",
    splitting: true,
    chunkNames: "part-[name]-[hash]",
  });
  await build({ ...OPTIONS, entryPoints: { app: join(pwa, "style/index.css") }, outdir: to });
  const own = createRequire(createRequire(join(root, "package.json")).resolve("barcode-detector"));
  await copyFile(own.resolve("zxing-wasm/reader/zxing_reader.wasm"), join(to, "zxing_reader.wasm"));
  const files = (await readdir(to)).sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(await readFile(join(to, file)));
  hash.update(await readFile(join(pwa, "ground/sw.js")));
  const version = hash.digest("hex").slice(0, 12);
  await build({
    ...OPTIONS,
    entryPoints: { sw: join(pwa, "ground/sw.js") },
    outdir: to,
    format: "iife",
    define: {
      VERSION: JSON.stringify(version),
      FILES: JSON.stringify(files.map((file) => PREFIX + file)),
    },
  });
  await writeFile(join(to, "version.json"), JSON.stringify({ version, files }) + "\n");
}
