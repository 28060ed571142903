/** The labels with their probabilities, and how far the text is from being out of scope. */

import { type Manifest, type RawOutputs, type Result, sigmoid, softmax } from "../src/index.js";
import { make } from "./dom.js";
import { asPercent } from "./format.js";

const SHOWN = 5;

/** The most probable labels, best first; those that the student says stand out. */
export function labelBars({ labels, task }: Manifest, { labelLogits }: RawOutputs, result: Result): Node[] {
  if (labelLogits === null) return [];
  const probabilities = task === "multilabel" ? Array.from(labelLogits, sigmoid) : softmax(labelLogits);
  const ranked = labels.map((label, number) => ({ label, probability: probabilities[number] }));
  ranked.sort((a, b) => b.probability - a.probability);
  const shown = ranked.slice(0, Math.max(SHOWN, result.labels.length));
  const bars = shown.map(({ label, probability }) => {
    const fill = make("span", "fill");
    fill.style.inlineSize = `${probability * 100}%`;
    const bar = make("span", "bar", fill);
    bar.ariaHidden = "true";
    const name = make("bdi", "label", label);
    const row = make("li", "", name, make("span", "probability", asPercent(probability)), bar);
    row.classList.toggle("said", result.labels.includes(label));
    return row;
  });
  const list = make("ol", "labels", ...bars);
  list.classList.toggle("doubted", result.outOfScope);
  const nothing = make("p", "quiet", "No label reaches one half.");
  return result.labels.length ? [list] : [nothing, list];
}

/** The out-of-scope score on a scale with its threshold; empty where the bundle has no such rule. */
export function scopeScale({ outOfScope: rule }: Manifest, { outOfScope, outOfScopeScore }: Result): Node[] {
  if (rule === null || outOfScopeScore === null) return [];
  const fill = make("span", "fill");
  fill.style.inlineSize = `${outOfScopeScore * 100}%`;
  const tick = make("span", "tick");
  tick.style.insetInlineStart = `${rule.threshold * 100}%`;
  const bar = make("span", "bar", fill, tick);
  bar.ariaHidden = "true";
  const verdict = make("span", "verdict", outOfScope ? "Out of scope" : "In scope");
  const numbers = `score ${outOfScopeScore.toFixed(2)}, threshold ${rule.threshold.toFixed(2)}`;
  const scale = make("p", "scope", verdict, make("span", "numbers", numbers), bar);
  scale.classList.toggle("out", outOfScope);
  return [scale];
}
