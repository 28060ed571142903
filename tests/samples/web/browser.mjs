/** A Chromium with an empty profile, and the page of `edgekd demo` in it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const URL = process.env.EDGEKD_DEMO;

/** Start the browser; `close` ends it and removes its profile. */
export async function startBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "edgekd-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.EDGEKD_CHROMIUM,
    headless: true,
    args: FLAGS,
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

/** A page on the demo, ready or with its error; `heard` collects what should not happen. */
export async function openDemo(context, prepare = async () => {}) {
  const page = await context.newPage();
  const heard = [];
  page.on("pageerror", (error) => heard.push(`exception: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && heard.push(`console: ${message.text()}`));
  page.on("request", (request) => request.url().startsWith(URL) || heard.push(`foreign: ${request.url()}`));
  await prepare(page);
  await page.goto(URL);
  await page.locator("main[aria-busy=false]").waitFor();
  return { page, heard };
}
