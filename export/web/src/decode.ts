/** From logits to names: labels with probabilities, and slots with their places. */

import { codePoints } from "./codepoints.js";
import type { Manifest } from "./manifest.js";
import type { RawOutputs } from "./outputs.js";

/** A slot value in the user's own words. */
export interface Slot {
  readonly slot: string;
  /** In code points, as in every other language. */
  readonly start: number;
  /** In code points, exclusive. */
  readonly end: number;
  /** The same as string indices: `text.slice(utf16Start, utf16End)` is the value. */
  readonly utf16Start: number;
  readonly utf16End: number;
  readonly text: string;
}

/** What the bundle says of a text. */
export interface Result {
  /** One for classification and joint tasks, any number for multi-label, none for tagging. */
  readonly labels: readonly string[];
  /** The probability of each of `labels`. */
  readonly scores: readonly number[];
  /** In the order of the text. */
  readonly slots: readonly Slot[];
  /** The text is none of the labels, as far as the bundle can tell. */
  readonly outOfScope: boolean;
  /** By which that was decided, 0 to 1; null where the bundle has no such rule. */
  readonly outOfScopeScore: number | null;
  /** The text is longer than the model reads, and its end was not seen. */
  readonly truncated: boolean;
}

/** What the model's numbers for a text mean. */
export function decode(manifest: Manifest, text: string, raw: RawOutputs): Result {
  const [labels, scores] = namedLabels(manifest, raw);
  const outOfScopeScore = scoreOutOfScope(manifest, raw);
  return {
    labels,
    scores,
    slots: namedSlots(manifest, text, raw),
    outOfScope: outOfScopeScore !== null && outOfScopeScore > manifest.outOfScope!.threshold,
    outOfScopeScore,
    truncated: raw.truncated,
  };
}

/** Probabilities of which one holds; large logits do not overflow. */
export function softmax(logits: ArrayLike<number>): number[] {
  const largest = logits[argmax(logits)];
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** A probability by itself. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/**
 * The most probable sequence of BIO tags in which each I- continues a span of its own slot.
 *
 * Mostly that is the best tag of each token; where it is not, Viterbi's algorithm finds it.
 *
 * @param logits for each token one of each tag, in the order O, B-a, I-a, B-b, I-b, ...
 * @returns the number of the tag of each token.
 */
export function bestTags(logits: readonly ArrayLike<number>[]): number[] {
  const best = logits.map(argmax);
  return best.every((tag, token) => mayFollow(tag, best[token - 1] ?? 0)) ? best : viterbi(logits);
}

function namedLabels(manifest: Manifest, { labelLogits }: RawOutputs): [string[], number[]] {
  if (labelLogits === null) return [[], []];
  if (manifest.task === "multilabel") {
    const chosen = manifest.labels.map((_, label) => label).filter((label) => labelLogits[label] > 0);
    return [chosen.map((label) => manifest.labels[label]), chosen.map((label) => sigmoid(labelLogits[label]))];
  }
  const best = argmax(labelLogits);
  return [[manifest.labels[best]], [softmax(labelLogits)[best]]];
}

/** How little a text looks like any label in scope: 1 - the largest probability among them. */
function scoreOutOfScope({ outOfScope: rule }: Manifest, { labelLogits }: RawOutputs): number | null {
  if (rule === null || labelLogits === null) return null;
  const inScope = softmax(labelLogits).filter((_, label) => label !== rule.label);
  return 1 - Math.max(0, ...inScope);
}

function namedSlots(manifest: Manifest, text: string, { tagLogits, tokenSpans }: RawOutputs): Slot[] {
  if (tagLogits === null) return [];
  const { starts } = codePoints(text, manifest.maxChars);
  return joined(bestTags(tagLogits), tokenSpans).map(({ slot, start, end }) => {
    const [utf16Start, utf16End] = [starts[start], starts[end]];
    const name = manifest.slots[slot];
    return { slot: name, start, end, utf16Start, utf16End, text: text.slice(utf16Start, utf16End) };
  });
}

/** The spans of tags that make sense together: B-x and the I-x after it are one. */
function joined(tags: readonly number[], tokens: RawOutputs["tokenSpans"]) {
  const spans: { slot: number; start: number; end: number }[] = [];
  tags.forEach((tag, token) => {
    const [start, end] = tokens[token];
    if (isInside(tag)) spans[spans.length - 1].end = end;
    else if (tag > 0) spans.push({ slot: (tag - 1) / 2, start, end });
  });
  return spans;
}

/** O is 0, each B- is odd, and its I- is one more. */
function isInside(tag: number): boolean {
  return tag > 0 && tag % 2 === 0;
}

function mayFollow(tag: number, before: number): boolean {
  return !isInside(tag) || before === tag || before === tag - 1;
}

function viterbi(logits: readonly ArrayLike<number>[]): number[] {
  const scores = logits.map(logSoftmax);
  let total = scores[0].map((score, tag) => (isInside(tag) ? -Infinity : score));
  const origins: number[][] = [];
  for (const score of scores.slice(1)) {
    const anywhere = argmax(total);
    const origin = total.map((_, tag) => {
      if (!isInside(tag)) return anywhere;
      return total[tag - 1] >= total[tag] ? tag - 1 : tag;
    });
    total = origin.map((from, tag) => total[from] + score[tag]);
    origins.push(origin);
  }
  const tags = [argmax(total)];
  for (const origin of origins.reverse()) tags.push(origin[tags[tags.length - 1]]);
  return tags.reverse();
}

function logSoftmax(logits: ArrayLike<number>): number[] {
  const largest = logits[argmax(logits)];
  const shifted = Array.from(logits, (logit) => logit - largest);
  const logSum = Math.log(shifted.reduce((total, logit) => total + Math.exp(logit), 0));
  return shifted.map((logit) => logit - logSum);
}

/** The place of the first largest value. */
function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index] > values[best]) best = index;
  return best;
}
