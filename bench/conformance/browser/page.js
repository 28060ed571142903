// Runs the job's ONNX file on the texts of one part after the other, and posts what it says.

import * as ort from "/onnxruntime-web/ort.wasm.min.mjs";

const EMPTY = Int32Array.of(0); // the graph needs one code point at least; zero is padding

async function main() {
  const job = await fetchJson("/job.json");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = "/onnxruntime-web/";
  const session = await ort.InferenceSession.create("/model.onnx");
  const host = `onnxruntime-web ${ort.env.versions.web}, ${browserName()}`;
  let part;
  while ((part = await fetchJson("/next"))) {
    const [start, stop] = part;
    const texts = await fetchTexts(start, stop);
    const answers = [];
    for (const text of texts) answers.push(await answer(session, text.subarray(0, job.max_chars), job));
    const headers = { "X-Host": host, "X-Shape": JSON.stringify(answers.map((one) => one.shape)) };
    await post(`/part/${start}/${stop}`, new Blob(answers.flatMap((one) => one.arrays)), headers);
  }
  await post("/finished", "");
}

async function fetchJson(path) {
  return (await fetch(path)).json();
}

// The code points of each text: ends in code points (int32), then all code points (int32).
async function fetchTexts(start, stop) {
  const numbers = new Int32Array(await (await fetch(`/texts/${start}/${stop}`)).arrayBuffer());
  const count = stop - start;
  const codepoints = numbers.subarray(count);
  return Array.from({ length: count }, (_, i) => codepoints.subarray(i ? numbers[i - 1] : 0, numbers[i]));
}

// Token count, spans, logits and the hash of the features of one text, without padding.
async function answer(session, text, { max_tokens }) {
  const codepoints = text.length ? text : EMPTY;
  const outputs = await session.run({
    codepoints: new ort.Tensor("int32", codepoints, [1, codepoints.length]),
  });
  const count = outputs.token_count.data[0];
  const rows = Math.min(count, max_tokens);
  const { features, label_logits, tag_logits } = outputs;
  const tags = tag_logits ? tag_logits.dims[2] : 0;
  const arrays = [
    features ? await fingerprint(features.data.slice(0, rows * features.dims.at(-1))) : new Uint8Array(8),
    outputs.token_spans.data.slice(0, 2 * rows),
    label_logits ? label_logits.data.slice() : new Float32Array(0),
    tags ? tag_logits.data.slice(0, rows * tags) : new Float32Array(0),
  ];
  return { arrays, shape: [count, rows, arrays[2].length, tags] };
}

// The first 64 bits of the SHA-256 of the features' bits; `slice` above has left the runtime's memory.
async function fingerprint(features) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", features), 0, 8);
}

function browserName() {
  return navigator.userAgent.match(/(?:Headless)?Chrome\/\d+/)?.[0] ?? navigator.userAgent;
}

async function post(path, body, headers = {}) {
  const response = await fetch(path, { method: "POST", body, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}

main().catch((error) => post("/failed", `${error.stack ?? error}`));
