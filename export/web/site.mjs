/** Makes dist/ a web site: the page, onnxruntime-web's files, and the bundle where it lies in bundle/. */

import { cpSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ORT = ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"];

const here = fileURLToPath(new URL(".", import.meta.url));
for (const name of ["index.html", "page.css", "icon.svg"]) cpSync(`${here}page/${name}`, `${here}dist/${name}`);
for (const name of ORT) cpSync(`${here}node_modules/onnxruntime-web/dist/${name}`, `${here}dist/ort/${name}`);
if (existsSync(`${here}bundle`)) cpSync(`${here}bundle`, `${here}dist/bundle`, { recursive: true });
