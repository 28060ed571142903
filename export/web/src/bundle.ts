/**
 * A bundle: the exported model with its description, ready to be asked.
 *
 *     const bundle = await Bundle.load("bundle/");
 *     const result = await bundle.predict("wake me up at seven tomorrow");
 */

import { codePoints } from "./codepoints.js";
import { decode, type Result } from "./decode.js";
import { BundleError, messageOf } from "./errors.js";
import { type Manifest, type ModelFile, parseManifest } from "./manifest.js";
import { Model } from "./model.js";
import type { RawOutputs } from "./outputs.js";

/** The files of a bundle by name: edgekd.json and the model. */
export type BundleFiles = Readonly<Record<string, Uint8Array | Blob>>;

type Reader = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

export class Bundle {
  private constructor(
    readonly manifest: Manifest,
    private readonly model: Model,
  ) {}

  /**
   * @param source where the bundle's folder is served, or its files.
   * @throws BundleError: a file is missing, damaged or of a newer format, or WebAssembly does not run here.
   */
  static async load(source: string | URL | BundleFiles): Promise<Bundle> {
    const read = typeof source === "string" || source instanceof URL ? fetching(source) : reading(source);
    const manifest = parseManifest(new TextDecoder().decode(await read("edgekd.json")));
    const file = await read(manifest.model.name);
    await requireUnchanged(file, manifest.model);
    return new Bundle(manifest, await Model.open(file, manifest));
  }

  /** Labels with probabilities, and slots in the user's own words, of a text of any length. */
  async predict(text: string): Promise<Result> {
    return this.decode(text, await this.run(text));
  }

  /** The model's numbers for a text: logits, and tokens in code points. */
  run(text: string): Promise<RawOutputs> {
    return this.model.run(codePoints(text, this.manifest.maxChars));
  }

  /** What the model's numbers for a text mean. */
  decode(text: string, raw: RawOutputs): Result {
    return decode(this.manifest, text, raw);
  }
}

function fetching(source: string | URL): Reader {
  const folder = new URL(source, globalThis.location?.href);
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return async (name) => {
    const url = new URL(name, folder);
    let answer: Response;
    try {
      answer = await fetch(url);
    } catch (error) {
      throw new BundleError(`${url} cannot be fetched: ${messageOf(error)}`, "a server that answers");
    }
    if (!answer.ok) {
      throw new BundleError(
        `${url} cannot be fetched: status ${answer.status} ${answer.statusText}`,
        "the folder that `edgekd export` wrote, served as it is",
      );
    }
    return new Uint8Array(await answer.arrayBuffer());
  };
}

function reading(files: BundleFiles): Reader {
  return async (name) => {
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    if (file === undefined) {
      throw new BundleError(`there is no file ${name}`, "every file that the bundle needs", "copy the whole folder");
    }
    return new Uint8Array(file instanceof Blob ? await file.arrayBuffer() : file);
  };
}

async function requireUnchanged(file: Uint8Array<ArrayBuffer>, { name, bytes, sha256 }: ModelFile): Promise<void> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new BundleError(
      `${name} cannot be checked: the browser gives SHA-256 to secure pages only`,
      "a page of https:// or of this very machine (localhost)",
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", file));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) {
    throw new BundleError(
      `${name} is damaged or was changed: its SHA-256 is ${found.slice(0, 12)}..., its size ${file.length} bytes`,
      `SHA-256 ${sha256.slice(0, 12)}... and ${bytes} bytes, as edgekd.json says`,
      "copy the whole bundle folder again, or export it again",
    );
  }
}
