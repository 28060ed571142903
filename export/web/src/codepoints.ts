/** The model counts code points; JavaScript's strings count UTF-16 units. This is the way between them. */

export interface CodePoints {
  /** A lone surrogate is a code point of its own. */
  readonly values: readonly number[];
  /** The string index at which each code point starts, and, one entry more, where the last one ends. */
  readonly starts: readonly number[];
  /** Whether these are all the code points of the text. */
  readonly complete: boolean;
}

/** The first code points of a text, `most` of them at most. */
export function codePoints(text: string, most = Infinity): CodePoints {
  const values: number[] = [];
  const starts = [0];
  let index = 0;
  while (index < text.length && values.length < most) {
    const value = text.codePointAt(index)!;
    index += value > 0xffff ? 2 : 1;
    values.push(value);
    starts.push(index);
  }
  return { values, starts, complete: index === text.length };
}
