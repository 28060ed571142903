/** The text as the student read it: slots highlighted, tokens outlined, the unseen end in grey. */

import type { CodePoints, RawOutputs, Result, Slot } from "../src/index.js";
import { make } from "./dom.js";

const GOLDEN_ANGLE = 137.508;

/** Far apart on the colour circle for neighbouring slots, and always the same for one slot. */
export function hueOf(slot: string, slots: readonly string[]): string {
  return String((25 + slots.indexOf(slot) * GOLDEN_ANGLE) % 360);
}

/** The nodes that show a text. */
export function annotate(
  text: string,
  { starts }: CodePoints,
  { tokenSpans }: RawOutputs,
  result: Result,
  slots: readonly string[],
): Node[] {
  const tokens = tokenSpans.map(([start, end], number): Piece => {
    const element = make("span", "token", text.slice(starts[start], starts[end]));
    element.title = `token ${number + 1}: code points ${start} to ${end}`;
    return { start: starts[start], end: starts[end], element };
  });
  const marks = result.slots.map((slot): Piece => {
    const inside = tokens.filter((token) => token.start >= slot.utf16Start && token.end <= slot.utf16End);
    const element = make("mark", "", ...spread(text, slot.utf16Start, slot.utf16End, inside));
    element.style.setProperty("--hue", hueOf(slot.slot, slots));
    element.dir = "auto"; // keeps a value and its name together where the text goes the other way
    const name = make("span", "slot-name", slot.slot);
    name.dir = "ltr";
    element.append(name);
    return { start: slot.utf16Start, end: slot.utf16End, element };
  });
  const outside = tokens.filter((token) => !marks.some((mark) => mark.start <= token.start && token.end <= mark.end));
  const pieces = [...marks, ...outside].sort((a, b) => a.start - b.start);
  const seen = result.truncated ? (tokens.at(-1)?.end ?? 0) : text.length;
  const nodes = spread(text, 0, seen, pieces);
  if (seen < text.length) nodes.push(make("span", "not-read", text.slice(seen)));
  return nodes;
}

/** The slots as a table; empty where there are none. */
export function legend(found: readonly Slot[], slots: readonly string[]): Node[] {
  if (!slots.length) return [];
  if (!found.length) return [make("p", "quiet", "No slots in this text.")];
  const rows = found.map((slot) => {
    const name = make("th", "", make("span", "dot"), slot.slot);
    name.scope = "row";
    name.style.setProperty("--hue", hueOf(slot.slot, slots));
    const place = make("td", "place", `${slot.start}–${slot.end}`);
    place.title = "code points, end exclusive";
    return make("tr", "", name, make("td", "", make("bdi", "", slot.text)), place);
  });
  const table = make("table", "legend", ...rows);
  table.setAttribute("aria-label", "Slots");
  return [table];
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly element: HTMLElement;
}

/** The pieces, and between them the text that belongs to none. */
function spread(text: string, start: number, end: number, pieces: readonly Piece[]): Node[] {
  const nodes: Node[] = [];
  let at = start;
  for (const piece of pieces) {
    if (piece.start > at) nodes.push(document.createTextNode(text.slice(at, piece.start)));
    nodes.push(piece.element);
    at = piece.end;
  }
  if (end > at) nodes.push(document.createTextNode(text.slice(at, end)));
  return nodes;
}
