/** The page of `edgekd demo`: a sentence in, what the student says of it, while one types. */

import { Bundle, codePoints, messageOf, type RawOutputs, type Result } from "../src/index.js";
import { byId, make } from "./dom.js";
import { type Example, goldenTexts, readable, suggest } from "./examples.js";
import { asPercent, asSize, asTime, counted, languageName, languageNames } from "./format.js";
import { labelBars, scopeScale } from "./intent.js";
import { measure } from "./latency.js";
import { annotate, legend } from "./reading.js";

/** After the last key, before the text is measured. */
const IDLE_MS = 350;

const input = byId<HTMLTextAreaElement>("text");

class Page {
  private turn = 0;
  private idle = 0;

  constructor(private readonly bundle: Bundle) {}

  /** Ask the student about the text as it stands; an answer that comes after the next key is dropped. */
  async update(): Promise<void> {
    const turn = ++this.turn;
    const text = input.value;
    clearTimeout(this.idle);
    byId("answer").hidden = text === "";
    if (text === "") return;
    const start = performance.now();
    const raw = await this.bundle.run(text);
    const result = this.bundle.decode(text, raw);
    const took = performance.now() - start;
    if (turn !== this.turn) return;
    this.show(text, raw, result);
    byId("last").textContent = asTime(took);
    byId("latency").classList.add("old");
    this.idle = window.setTimeout(() => void this.rest(text, result).catch(showError), IDLE_MS);
  }

  private show(text: string, raw: RawOutputs, result: Result): void {
    const { manifest } = this.bundle;
    const read = codePoints(text, manifest.maxChars);
    byId("annotated").replaceChildren(...annotate(text, read, raw, result, manifest.slots));
    byId("legend").replaceChildren(...legend(result.slots, manifest.slots));
    byId("truncated").hidden = !result.truncated;
    byId("labels").replaceChildren(...labelBars(manifest, raw, result));
    byId("scope").replaceChildren(...scopeScale(manifest, result));
  }

  /** What waits until the typing rests: the spoken summary, and the latency of this text. */
  private async rest(text: string, result: Result): Promise<void> {
    const turn = this.turn;
    byId("summary").textContent = summary(result);
    const latency = await measure(() => this.bundle.predict(text), () => turn !== this.turn);
    if (latency === null) return;
    byId("latency").textContent = asTime(latency.median);
    byId("latency").classList.remove("old");
    byId("latency-note").textContent = `median of ${latency.runs} runs, ${counted(codePoints(text).values.length, "character")}`;
  }
}

async function start(): Promise<void> {
  const before = performance.now();
  const bundle = await Bundle.load("bundle/");
  await bundle.predict("");
  byId("ready").textContent = asTime(performance.now() - before);
  describe(bundle);

  const page = new Page(bundle);
  const update = () => void page.update().catch(showError);
  const pick = (text: string) => {
    input.value = text;
    update();
  };
  input.addEventListener("input", update);
  byId("tokens").addEventListener("click", ({ currentTarget }) => toggleTokens(currentTarget as HTMLButtonElement));

  const [best, others] = await suggest(bundle);
  const golden = await goldenTexts("bundle/golden.jsonl");
  offer(best, others, golden, pick);
  byId("main").ariaBusy = "false";
  byId("facts").hidden = false;
  input.disabled = false;
  // On a phone the focus would bring up a keyboard over half of the page.
  if (matchMedia("(pointer: fine)").matches) input.focus();
  pick(best[0].text);
}

/** What the bundle is: the heading, and the parts of the page that its task has. */
function describe({ manifest: { name, task, labels, slots, languages, model } }: Bundle): void {
  document.title = `${name} · edgekd demo`;
  byId("name").textContent = name;
  const kinds = [labels.length && counted(labels.length, "intent"), slots.length && counted(slots.length, "slot")];
  byId("about").textContent = [...kinds, languageNames(languages)].filter(Boolean).join(" · ");
  byId("intent").hidden = task === "tagging";
  byId("answer").classList.toggle("labels-only", !slots.length);
  byId("size").textContent = asSize(model.bytes);
  byId("scheme").textContent = `${model.name}, ${model.scheme}`;
}

function offer(best: Example[], others: Example[], golden: string[], pick: (text: string) => void): void {
  const chips = best.map(({ text, language }) => {
    const chip = make("button", "", text);
    Object.assign(chip, { type: "button", lang: language, dir: "auto", title: languageName(language) });
    chip.addEventListener("click", () => pick(text));
    return chip;
  });
  byId("suggestions").replaceChildren(...chips);

  const texts = [...others.map(({ text }) => text), ...golden];
  const option = (text: string, index: number) => new Option(readable(text), String(index));
  const group = (label: string, options: HTMLOptionElement[]) => {
    const element = make("optgroup", "", ...options);
    element.label = label;
    return element;
  };
  const options = texts.map(option);
  const more = byId<HTMLSelectElement>("more");
  more.append(new Option("More examples …", "", true, true), group("Sentences", options.slice(0, others.length)));
  if (golden.length) more.append(group("Golden vectors: every script, odd input", options.slice(others.length)));
  more.hidden = !texts.length;
  more.addEventListener("change", () => {
    if (more.value !== "") pick(texts[Number(more.value)]);
    more.value = "";
  });
}

function toggleTokens(button: HTMLButtonElement): void {
  const shown = byId("annotated").classList.toggle("show-tokens");
  button.ariaPressed = String(shown);
}

/** The answer in a sentence, for screen readers. */
function summary({ labels, scores, slots, outOfScope, truncated }: Result): string {
  const parts = labels.map((label, index) => `${label}, ${asPercent(scores[index])}`);
  if (outOfScope) parts.push("out of scope");
  parts.push(...slots.map(({ slot, text }) => `${slot}: ${text}`));
  if (truncated) parts.push("the end of the text was not read");
  return parts.join("; ");
}

function showError(error: unknown): void {
  const box = byId("error");
  box.textContent = messageOf(error);
  box.hidden = false;
}

start().catch((error) => {
  byId("about").textContent = "The student could not be started.";
  byId("ask").hidden = true;
  byId("main").ariaBusy = "false";
  showError(error);
});
