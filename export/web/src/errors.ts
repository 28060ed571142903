/** A bundle cannot be read or run: what was found, what would have been right, and what to do. */
export class BundleError extends Error {
  override readonly name = "BundleError";

  constructor(
    readonly given: string,
    readonly expected = "",
    readonly fix = "",
  ) {
    super([given, expected && `expected: ${expected}`, fix && `to fix: ${fix}`].filter(Boolean).join("\n"));
  }
}

/** What an exception says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
