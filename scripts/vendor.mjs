// Browser assets and the PDF font: from node_modules and pwa/ into static/vendor (ignored).
// `node scripts/vendor.mjs field` builds the field app alone.
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { buildField } from "./field.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const vendor = join(root, "static", "vendor");

// One file a package, with the licences' banners kept. Pages see Bootstrap as window.bootstrap.
const bundles = [
  {
    entryPoints: [join(modules, "bootstrap/dist/js/bootstrap.esm.js")],
    outfile: join(vendor, "bootstrap/bootstrap.bundle.min.js"),
    format: "iife",
    globalName: "bootstrap",
  },
  {
    entryPoints: [join(modules, "bootstrap/dist/css/bootstrap.css")],
    outfile: join(vendor, "bootstrap/bootstrap.min.css"),
  },
  { // only the charts that our pages draw: static/js/charts.js imports it when it meets one
    entryPoints: [join(root, "scripts/echarts.mjs")],
    outfile: join(vendor, "echarts/echarts.js"),
    format: "esm",
  },
];

// Already built by their makers. axe-core stays in node_modules: only tests use it.
const copies = [
  ["swagger-ui-dist/swagger-ui-bundle.js", "swagger-ui/swagger-ui-bundle.js"],
  ["swagger-ui-dist/swagger-ui.css", "swagger-ui/swagger-ui.css"],
  ["swagger-ui-dist/LICENSE", "swagger-ui/LICENSE"],
  ["bootstrap/LICENSE", "bootstrap/LICENSE"],
  ["echarts/LICENSE", "echarts/LICENSE"],
  ["echarts/NOTICE", "echarts/NOTICE"],
  [
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "fonts/NotoSansSC-Regular.ttf",
  ],
  ["@expo-google-fonts/noto-sans-sc/LICENSE_FONT", "fonts/LICENSE_FONT"],
];

if (process.argv[2] !== "field") {
  await rm(vendor, { recursive: true, force: true });
  for (const bundle of bundles) {
    await build({ bundle: true, minify: true, logLevel: "warning", target: "es2020", ...bundle });
  }
}
await buildField(root, join(vendor, "field"));
if (process.argv[2] !== "field") {
  for (const [from, to] of copies) {
    await mkdir(dirname(join(vendor, to)), { recursive: true });
    await copyFile(join(modules, from), join(vendor, to));
  }
}
