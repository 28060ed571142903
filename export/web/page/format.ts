/** Numbers and names as people read them. */

const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const languages = new Intl.DisplayNames(["en"], { type: "language", languageDisplay: "standard" });

/** A probability; only certainty is 100%, and only the impossible 0%. */
export function asPercent(probability: number): string {
  if (probability >= 0.9995) return "> 99.9%";
  return probability < 0.0005 ? "< 0.1%" : percent.format(probability);
}

/** A duration; a browser that is not isolated rounds its clock to a tenth of a millisecond. */
export function asTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds >= 100) return `${Math.round(milliseconds)} ms`;
  return `${milliseconds.toFixed(globalThis.crossOriginIsolated ? 2 : 1)} ms`;
}

export function asSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

/** "3 intents", "1 slot". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** "German, Thai and 4 more languages"; empty where the bundle does not say. */
export function languageNames(tags: readonly string[]): string {
  const names = tags.filter((tag) => tag !== "und").map(languageName);
  const [shown, rest] = names.length > 6 ? [names.slice(0, 5), names.length - 5] : [names, 0];
  return shown.join(", ") + (rest ? ` and ${rest} more` : "");
}

/** The English name of a language tag, or the tag where it has none. */
export function languageName(tag: string): string {
  try {
    return languages.of(tag.replaceAll("_", "-").split("-")[0]) ?? tag;
  } catch {
    return tag;
  }
}
