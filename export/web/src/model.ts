/** The ONNX file in onnxruntime-web: one graph for every length. */

import * as ort from "onnxruntime-web/wasm";

import type { CodePoints } from "./codepoints.js";
import { BundleError, messageOf } from "./errors.js";
import type { Manifest } from "./manifest.js";
import type { RawOutputs } from "./outputs.js";

export class Model {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly manifest: Manifest,
  ) {}

  /** @throws BundleError: WebAssembly does not run here, or the file is not a model that it runs. */
  static async open(file: Uint8Array, manifest: Manifest): Promise<Model> {
    if (typeof WebAssembly === "undefined") {
      throw new BundleError("WebAssembly is not available here", "a browser that allows it");
    }
    // The model is too small to gain from threads, and they would need headers for cross-origin isolation.
    ort.env.wasm.numThreads = 1;
    try {
      const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 });
      return new Model(session, manifest);
    } catch (error) {
      throw new BundleError(
        `onnxruntime-web ${ort.env.versions.web} cannot load ${manifest.model.name}: ${messageOf(error)}`,
        "a model that it runs, and its own .wasm file beside its script",
        "export the bundle again, or update the browser",
      );
    }
  }

  /** The outputs for a text of which these are the first `maxChars` code points. */
  async run({ values, complete }: CodePoints): Promise<RawOutputs> {
    // The graph needs one code point at least; zero is padding.
    const input = Int32Array.from(values.length ? values : [0]);
    const outputs = await this.session.run({
      [this.manifest.inputName]: new ort.Tensor("int32", input, [1, input.length]),
    });
    const tokenCount = Number(outputs["token_count"].data[0]);
    const tokenSpans = rows(outputs["token_spans"], tokenCount).map(([start, end]) => [start, end] as const);
    return {
      labelLogits: this.manifest.labels.length ? rows(outputs["label_logits"], 1)[0] : null,
      tagLogits: this.manifest.slots.length ? rows(outputs["tag_logits"], tokenCount) : null,
      tokenSpans,
      tokenCount,
      truncated: tokenCount > this.manifest.maxTokens || !complete,
    };
  }
}

/** The first rows, `most` of them at most, of a tensor whose last axis is a row. */
function rows({ data, dims }: ort.Tensor, most: number): (Float32Array | Int32Array)[] {
  const values = data as Float32Array | Int32Array;
  const width = dims[dims.length - 1];
  const count = Math.min(most, values.length / width);
  return Array.from({ length: count }, (_, row) => values.subarray(row * width, (row + 1) * width));
}
