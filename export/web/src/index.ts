/** Text to labels and slots: an edgekd bundle on onnxruntime-web. */

export { Bundle, type BundleFiles } from "./bundle.js";
export { codePoints, type CodePoints } from "./codepoints.js";
export { type Result, type Slot, sigmoid, softmax } from "./decode.js";
export { BundleError, messageOf } from "./errors.js";
export type { Manifest, OutOfScopeRule, Task } from "./manifest.js";
export type { RawOutputs } from "./outputs.js";
