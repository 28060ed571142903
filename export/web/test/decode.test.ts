import assert from "node:assert/strict";
import { test } from "node:test";

import { bestTags, decode, sigmoid, softmax } from "../src/decode.js";
import { parseManifest } from "../src/manifest.js";
import { goldenLines, inCodePoints, rawOutputs, textOfBundle } from "./golden.js";

test("the golden logits", () => {
  const manifest = parseManifest(textOfBundle("edgekd.json"));
  for (const line of goldenLines()) {
    const result = decode(manifest, line.text, rawOutputs(line));
    assert.deepEqual(result.labels, line.labels, line.text);
    assert.deepEqual(result.slots.map(inCodePoints), line.slots, line.text);
    assert.equal(result.outOfScope, line.out_of_scope, line.text);
    assert.equal(result.truncated, line.truncated);
    assert.equal(result.outOfScopeScore === null, line.out_of_scope_score === null);
    const scores = [...result.scores, result.outOfScopeScore ?? 0];
    const golden = [...line.scores, line.out_of_scope_score ?? 0];
    assert.equal(scores.length, golden.length);
    scores.forEach((score, index) => assert.ok(Math.abs(score - golden[index]) < 1e-3, line.text));
  }
});

test("string indices cut out the same words as code points", () => {
  const manifest = parseManifest(textOfBundle("edgekd.json"));
  for (const line of goldenLines()) {
    for (const slot of decode(manifest, line.text, rawOutputs(line)).slots) {
      assert.equal(line.text.slice(slot.utf16Start, slot.utf16End), slot.text);
      assert.equal(Array.from(line.text).slice(slot.start, slot.end).join(""), slot.text);
    }
  }
});

test("tags that make sense are taken as they are", () => {
  assert.deepEqual(bestTags([[0, 2, 1, 0, 0], [0, 0, 3, 0, 0], [1, 0, 0, 0, 0]]), [1, 2, 0]);
  assert.deepEqual(bestTags([]), []);
});

test("an I- without its B- becomes the best sequence that has one", () => {
  // Token by token: O, I-a. In one piece: O, B-a beats B-a, I-a.
  assert.deepEqual(bestTags([[5, 0, 0], [0, 3, 4]]), [0, 1]);
  assert.deepEqual(bestTags([[3, 2.5, 0], [0, 0, 4]]), [1, 2]);
  // I-b after B-a: the other slot goes on.
  assert.deepEqual(bestTags([[0, 4, 0, 3, 0], [0, 0, 3, 0, 3.5]]), [1, 2]);
});

test("large logits do not overflow", () => {
  assert.deepEqual(softmax([1e4, 1e4]), [0.5, 0.5]);
  assert.deepEqual([sigmoid(1e4), sigmoid(-1e4), sigmoid(0)], [1, 0, 0.5]);
});
