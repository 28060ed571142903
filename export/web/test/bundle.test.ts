import assert from "node:assert/strict";
import { before, test } from "node:test";

import { Bundle, BundleError, type BundleFiles } from "../src/index.js";
import { fileOfBundle, goldenLines, inCodePoints, textOfBundle } from "./golden.js";

const NAMES = ["edgekd.json", "model.onnx"];
const FILES = Object.fromEntries(NAMES.map((name) => [name, fileOfBundle(name)]));

let bundle: Bundle;

before(async () => {
  bundle = await Bundle.load(FILES);
});

test("every golden text in onnxruntime-web", async () => {
  for (const line of goldenLines()) {
    const raw = await bundle.run(line.text);
    assert.deepEqual(raw.tokenSpans, line.token_spans, line.text);
    assert.equal(raw.tokenCount, line.token_count, line.text);
    assert.equal(raw.truncated, line.truncated, line.text);
    if (!line.stable) continue;
    const result = bundle.decode(line.text, raw);
    assert.deepEqual(result.labels, line.labels, line.text);
    assert.deepEqual(result.slots.map(inCodePoints), line.slots, line.text);
  }
});

test("texts asked at the same time do not disturb each other", async () => {
  const texts = goldenLines().map(({ text }) => text);
  const together = await Promise.all(texts.map((text) => bundle.predict(text)));
  for (const [index, text] of texts.entries()) assert.deepEqual(together[index], await bundle.predict(text));
});

test("a text of a million characters", async () => {
  const result = await bundle.predict("a ".repeat(500_000));
  assert.equal(result.truncated, true);
});

test("files may be blobs", async () => {
  const blobs = Object.fromEntries(NAMES.map((name) => [name, new Blob([new Uint8Array(fileOfBundle(name))])]));
  assert.deepEqual((await Bundle.load(blobs)).manifest, bundle.manifest);
});

test("a folder that cannot be fetched", async () => {
  await refused("http://127.0.0.1:1/bundle", /http:\/\/127.0.0.1:1\/bundle\/edgekd.json cannot be fetched/);
});

test("a missing file", async () => {
  await refused({ "edgekd.json": FILES["edgekd.json"] }, /there is no file model.onnx/);
  await refused({}, /there is no file edgekd.json/);
});

test("a model that was changed", async () => {
  const changed = new Uint8Array(FILES["model.onnx"]);
  changed[changed.length - 1] ^= 1;
  await refused({ ...FILES, "model.onnx": changed }, /model.onnx is damaged or was changed/);
});

test("a file that is no model", async () => {
  const file = new TextEncoder().encode("not a model");
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", file)).toString("hex");
  const content = JSON.parse(textOfBundle("edgekd.json"));
  content.files["model.onnx"].sha256 = digest;
  const description = new TextEncoder().encode(JSON.stringify(content));
  await refused({ "edgekd.json": description, "model.onnx": file }, /onnxruntime-web .* cannot load model.onnx/);
});

async function refused(source: string | BundleFiles, message: RegExp): Promise<void> {
  await assert.rejects(Bundle.load(source), (error) => error instanceof BundleError && message.test(error.message));
}
