/** edgekd.json: what a bundle says of itself, read and checked. Nothing in it is trusted. */

import { BundleError } from "./errors.js";

const FORMAT = "edgekd-bundle";
const FORMAT_VERSION = 1;
const TASKS = ["classification", "multilabel", "tagging", "joint"] as const;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export type Task = (typeof TASKS)[number];

/** A text is out of scope where its score is above `threshold`. */
export interface OutOfScopeRule {
  /** The number of the data's own label for such texts, which is not in scope; null where it has none. */
  readonly label: number | null;
  readonly threshold: number;
}

/** A model file of the bundle; `scheme` is how it was quantized. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly scheme: string;
}

/** The facts of edgekd.json that are needed to run the model. */
export interface Manifest {
  readonly name: string;
  readonly task: Task;
  readonly labels: readonly string[];
  readonly slots: readonly string[];
  readonly languages: readonly string[];
  /** Code points that the model reads; the rest of a text is cut off. */
  readonly maxChars: number;
  /** Tokens that it has room for. */
  readonly maxTokens: number;
  readonly inputName: string;
  readonly model: ModelFile;
  readonly outOfScope: OutOfScopeRule | null;
}

/**
 * Read the content of an edgekd.json.
 *
 * @throws BundleError: it is not a bundle's, is of a newer format, lacks a field, names files elsewhere, or
 * lists no ONNX file.
 */
export function parseManifest(json: string): Manifest {
  const content = parsed(json);
  if (!isObject(content) || content["format"] !== FORMAT) {
    throw new BundleError("edgekd.json is not the description of a bundle", `"format": "${FORMAT}"`);
  }
  const version = content["format_version"];
  if (version !== FORMAT_VERSION) {
    throw new BundleError(
      `edgekd.json has format version ${typeof version === "number" ? version : "unknown"}`,
      `version ${FORMAT_VERSION}, the one that this package reads`,
      "use this package as the edgekd that exported the bundle has it, or export the bundle again",
    );
  }
  try {
    return read(content);
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    throw new BundleError(
      `edgekd.json is incomplete or damaged: ${error.message}`,
      "every field as `edgekd export` writes it",
      "copy the whole bundle folder again, or export it again",
    );
  }
}

/** A field that is not what it should be. */
class Damage extends Error {}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new BundleError("edgekd.json is not readable JSON", "a file that `edgekd export` wrote");
  }
}

function read(content: Json): Manifest {
  const task = TASKS.find((known) => known === content["task"]);
  if (task === undefined) throw new Damage(`'task' is none of ${TASKS.join(", ")}`);
  const labels = namesOf(content, "labels");
  const slots = namesOf(content, "slots");
  if ((task !== "tagging" && !labels.length) || ((task === "tagging" || task === "joint") && !slots.length)) {
    throw new Damage(`a ${task} task without ${labels.length ? "slots" : "labels"}`);
  }
  const tags = slots.length ? ["O", ...slots.flatMap((slot) => [`B-${slot}`, `I-${slot}`])] : [];
  if (namesOf(content, "tags").join("\n") !== tags.join("\n")) {
    throw new Damage("'tags' are not O, B- and I- of the slots in their order");
  }
  return {
    name: textOf(content, "name"),
    task,
    labels,
    slots,
    languages: "languages" in content ? namesOf(content, "languages") : [],
    maxChars: countOf(content, "max_chars"),
    maxTokens: countOf(content, "max_tokens"),
    inputName: textOf(objectOf(content, "input"), "name"),
    model: onnxFile(objectOf(content, "files")),
    outOfScope: "out_of_scope" in content ? ruleOf(objectOf(content, "out_of_scope"), labels) : null,
  };
}

function onnxFile(files: Json): ModelFile {
  for (const name of Object.keys(files)) {
    if (!FILE_NAME.test(name)) throw new Damage(`the file ${JSON.stringify(name)} is not in the bundle's folder`);
  }
  const name = Object.keys(files).find((name) => textOf(objectOf(files, name), "runtime") === "onnx");
  if (name === undefined) {
    throw new BundleError(
      "the bundle holds no model.onnx, which the browser runs",
      "a bundle with an ONNX file",
      "edgekd export RUN --formats onnx --out BUNDLE",
    );
  }
  const entry = objectOf(files, name);
  return {
    name,
    bytes: countOf(entry, "bytes"),
    sha256: textOf(entry, "sha256"),
    scheme: textOf(entry, "scheme"),
  };
}

function ruleOf(rule: Json, labels: readonly string[]): OutOfScopeRule {
  const threshold = rule["threshold"];
  if (typeof threshold !== "number") throw new Damage("'threshold' is not a number");
  if (rule["label"] === null) return { label: null, threshold };
  const label = labels.indexOf(textOf(rule, "label"));
  if (label < 0) throw new Damage("the out-of-scope label is not one of the labels");
  return { label, threshold };
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(content: Json, name: string): Json {
  const value = content[name];
  if (!isObject(value)) throw new Damage(`'${name}' is not an object`);
  return value;
}

function textOf(content: Json, name: string): string {
  const value = content[name];
  if (typeof value !== "string") throw new Damage(`'${name}' is not a string`);
  return value;
}

function countOf(content: Json, name: string): number {
  const value = content[name];
  if (!Number.isInteger(value) || (value as number) < 1) throw new Damage(`'${name}' is not a whole number above 0`);
  return value as number;
}

function namesOf(content: Json, name: string): string[] {
  const value = content[name];
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) {
    throw new Damage(`'${name}' is not a list of names`);
  }
  return value;
}
