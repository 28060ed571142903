import assert from "node:assert/strict";
import { test } from "node:test";

import { codePoints } from "../src/index.js";
import { goldenLines } from "./golden.js";

test("the code points of every golden text", () => {
  for (const { text, codepoints } of goldenLines()) assert.deepEqual(codePoints(text).values, codepoints);
});

test("a character of two UTF-16 units is one code point", () => {
  const text = "a😀b";
  assert.deepEqual(codePoints(text), { values: [0x61, 0x1f600, 0x62], starts: [0, 1, 3, 4], complete: true });
});

test("a lone surrogate is a code point of its own", () => {
  assert.deepEqual(codePoints("\ude00\ud83d x\ud83d").values, [0xde00, 0xd83d, 0x20, 0x78, 0xd83d]);
});

test("only as many as are wanted are read", () => {
  assert.deepEqual(codePoints("😀😀", 1), { values: [0x1f600], starts: [0, 2], complete: false });
  assert.equal(codePoints("😀😀", 2).complete, true);
});
