/** Every golden vector of a bundle in onnxruntime-web in the browser. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openDemo, startBrowser } from "./browser.mjs";

let browser;

before(async () => {
  browser = await startBrowser();
});

after(() => browser.close());

test("every golden vector", async () => {
  const { page, heard } = await openDemo(browser.context);
  const lines = await page.evaluate(async () => {
    const { Bundle } = await import("/src/index.js");
    const bundle = await Bundle.load("/bundle/");
    const golden = (await (await fetch("/bundle/golden.jsonl")).text()).trim().split("\n").map(JSON.parse);
    const lines = [];
    for (const line of golden) {
      const raw = await bundle.run(line.text);
      lines.push({ line, raw, result: bundle.decode(line.text, raw) });
    }
    return lines;
  });
  assert.ok(lines.length >= 60);
  for (const { line, raw, result } of lines) {
    assert.deepEqual(raw.tokenSpans, line.token_spans, line.text);
    assert.equal(raw.tokenCount, line.token_count, line.text);
    assert.equal(result.truncated, line.truncated, line.text);
    if (!line.stable) continue;
    assert.deepEqual(result.labels, line.labels, line.text);
    const slots = result.slots.map(({ slot, start, end, text }) => ({ slot, start, end, text }));
    assert.deepEqual(slots, line.slots, line.text);
    assert.equal(result.outOfScope, line.out_of_scope, line.text);
  }
  assert.deepEqual(heard, []);
});
