import assert from "node:assert/strict";
import { test } from "node:test";

import { BundleError } from "../src/errors.js";
import { parseManifest } from "../src/manifest.js";
import { textOfBundle } from "./golden.js";

const CONTENT = JSON.parse(textOfBundle("edgekd.json"));
const ENTRY = CONTENT.files["model.onnx"];

test("the bundle's own", () => {
  const manifest = parseManifest(JSON.stringify(CONTENT));
  assert.equal(manifest.name, CONTENT.name);
  assert.deepEqual(manifest.labels, CONTENT.labels);
  assert.deepEqual(manifest.model.sha256, ENTRY.sha256);
});

test("without an out-of-scope rule there is none", () => {
  assert.equal(parseManifest(changed({ out_of_scope: undefined })).outOfScope, null);
  const labels = ["a", "b"];
  const rule = { label: "b", threshold: 0.5 };
  const manifest = parseManifest(changed({ task: "classification", labels, slots: [], tags: [], out_of_scope: rule }));
  assert.deepEqual(manifest.outOfScope, { label: 1, threshold: 0.5 });
});

const BAD: [string, string, RegExp][] = [
  ["no JSON", "{", /not readable JSON/],
  ["something else", "[]", /not the description of a bundle/],
  ["another format", changed({ format: "other" }), /not the description of a bundle/],
  ["a newer version", changed({ format_version: 2 }), /format version 2/],
  ["an unknown task", changed({ task: "poetry" }), /'task' is none of/],
  ["no labels", changed({ task: "classification", labels: [] }), /task without labels/],
  ["labels that are no names", changed({ labels: [1] }), /'labels' is not a list of names/],
  ["tags of other slots", changed({ tags: ["O", "B-x", "I-x"] }), /'tags' are not/],
  ["no length", changed({ max_chars: "many" }), /'max_chars' is not a whole number/],
  ["no input", changed({ input: null }), /'input' is not an object/],
  ["no ONNX file", changed({ files: {} }), /holds no model.onnx/],
  ["a rule for an unknown label", changed({ out_of_scope: { label: "?", threshold: 1 } }), /out-of-scope label/],
  ...["../model.onnx", "/model.onnx", "a/model.onnx", "a\\model.onnx", "..", ""].map(
    (name): [string, string, RegExp] => [
      `a file at ${JSON.stringify(name)}`,
      changed({ files: { [name]: ENTRY } }),
      /is not in the bundle's folder/,
    ],
  ),
];

for (const [name, content, message] of BAD) {
  test(`${name} is refused`, () => {
    assert.throws(() => parseManifest(content), (error) => error instanceof BundleError && message.test(error.message));
  });
}

function changed(changes: object): string {
  return JSON.stringify({ ...CONTENT, ...changes });
}
