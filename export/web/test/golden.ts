/** The bundle that the tests read, and its golden vectors. */

import { readFileSync } from "node:fs";

import type { RawOutputs, Slot } from "../src/index.js";

/** Where `edgekd export --embed web` puts the bundle's files, or the folder that EDGEKD_BUNDLE names. */
const FOLDER = process.env["EDGEKD_BUNDLE"] ?? "bundle";

/** A line of golden.jsonl; labels to slots are decoded from its own logits. */
export interface Golden {
  readonly text: string;
  readonly codepoints: readonly number[];
  readonly token_count: number;
  readonly token_spans: readonly [number, number][];
  readonly truncated: boolean;
  readonly label_logits?: readonly number[];
  readonly tag_logits?: readonly (readonly number[])[];
  readonly labels: readonly string[];
  readonly scores: readonly number[];
  readonly out_of_scope: boolean;
  readonly out_of_scope_score: number | null;
  readonly slots: readonly Pick<Slot, "slot" | "start" | "end" | "text">[];
  /** Whether every file of the bundle gives these labels and slots. */
  readonly stable: boolean;
}

export function fileOfBundle(name: string): Uint8Array {
  return readFileSync(`${FOLDER}/${name}`);
}

export function textOfBundle(name: string): string {
  return readFileSync(`${FOLDER}/${name}`, "utf8");
}

export function goldenLines(): Golden[] {
  return textOfBundle("golden.jsonl").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** The outputs that a line was decoded from. */
export function rawOutputs(line: Golden): RawOutputs {
  return {
    labelLogits: line.label_logits ?? null,
    tagLogits: line.tag_logits ?? null,
    tokenSpans: line.token_spans,
    tokenCount: line.token_count,
    truncated: line.truncated,
  };
}

/** A slot as golden.jsonl has it. */
export function inCodePoints({ slot, start, end, text }: Slot): Golden["slots"][number] {
  return { slot, start, end, text };
}
