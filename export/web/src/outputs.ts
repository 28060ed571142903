/** What the model gives for one text, before the numbers get names. */
export interface RawOutputs {
  /** One logit for each label, calibrated; null where the task has no labels. */
  readonly labelLogits: ArrayLike<number> | null;
  /** For each token that was read, one logit for each tag; null where the task has no slots. */
  readonly tagLogits: readonly ArrayLike<number>[] | null;
  /** Start and end (exclusive) of each token that was read, in code points. */
  readonly tokenSpans: readonly (readonly [start: number, end: number])[];
  /** Tokens of the text, those that the model had no room for among them. */
  readonly tokenCount: number;
  /** The text is longer than the model reads, and its end was not seen. */
  readonly truncated: boolean;
}
