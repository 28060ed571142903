/** The page of `edgekd demo` on the bundle "numbers": a word that starts with a digit is a `number`. */

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { openDemo, startBrowser } from "./browser.mjs";

let browser, page, heard;

before(async () => {
  browser = await startBrowser();
  ({ page, heard } = await openDemo(browser.context));
});

after(() => browser.close());

afterEach(() => assert.deepEqual(heard, []));

/** Type a text key by key, and wait until the page shows an answer to the whole of it. */
async function type(text) {
  await page.fill("#text", "");
  await page.locator("#text").pressSequentially(text);
  await answered(text);
}

async function answered(text) {
  await page.waitForFunction((text) => {
    const shown = document.getElementById("annotated").cloneNode(true);
    shown.querySelectorAll(".slot-name").forEach((name) => name.remove());
    return shown.textContent === text;
  }, text);
}

/** The name of the slot and the words of each highlight. */
function highlighted() {
  return page.locator("#annotated mark").evaluateAll((marks) =>
    marks.map((mark) => {
      const name = mark.querySelector(".slot-name").textContent;
      return [name, mark.textContent.slice(0, -name.length)];
    }),
  );
}

function styleOf(selector, property) {
  return page.locator(selector).evaluate((element, property) => getComputedStyle(element)[property], property);
}

test("it opens with an example that has an answer", async () => {
  assert.equal(await page.title(), "numbers · edgekd demo");
  assert.match(await page.locator("#about").textContent(), /2 intents · 1 slot · English, German/);
  assert.notEqual(await page.inputValue("#text"), "");
  assert.equal(await page.locator("#labels .said").count(), 1);
});

test("slots are highlighted while one types", async () => {
  await type("wake at 7 30");
  assert.deepEqual(await highlighted(), [["number", "7 30"]]);
  assert.match(await page.locator("#labels .said").textContent(), /numbers98.2%/);
  assert.equal(await page.locator("#labels li").count(), 2);
  await page.locator("#text").press("End");
  await page.locator("#text").pressSequentially(" or 8");
  await answered("wake at 7 30 or 8");
  assert.deepEqual(await highlighted(), [["number", "7 30"], ["number", "8"]]);
  assert.deepEqual(await page.locator(".legend tr").allTextContents(), ["number7 308–12", "number816–17"]);
  await page.getByRole("status").getByText("numbers, 98.2%; number: 7 30; number: 8").waitFor({ state: "attached" });
});

test("characters of two UTF-16 units do not shift a highlight", async () => {
  await type("😀é 𐐀𐐨 7now 👨‍👩‍👧 x");
  assert.deepEqual(await highlighted(), [["number", "7now"]]);
  assert.deepEqual(await page.locator(".legend .place").allTextContents(), ["6–10"]);
});

test("text from right to left runs that way, and its slots with it", async () => {
  await type("תעיר אותי בשעה 7 30 מחר");
  assert.deepEqual(await highlighted(), [["number", "7 30"]]);
  assert.equal(await styleOf("#text", "direction"), "rtl");
  assert.equal(await styleOf("#annotated", "direction"), "rtl");
  const [mark, whole] = await Promise.all(["#annotated mark", "#annotated"].map((one) => page.locator(one).boundingBox()));
  assert.ok(mark.x + mark.width < whole.x + whole.width - 100, "the slot stands left of the words before it");
});

test("out of scope and truncation are said", async () => {
  await type("no digits");
  await page.locator(".scope.out").waitFor();
  assert.match(await page.locator("#scope").textContent(), /Out of scopescore 0.98, threshold 0.40/);
  assert.equal(await page.locator("#truncated").isVisible(), false);
  await type("7 a b c d e f g h i");
  assert.equal(await page.locator("#truncated").isVisible(), true);
  assert.equal(await page.locator(".not-read").textContent(), " h i");
  assert.equal(await page.locator(".scope.out").count(), 0);
});

test("tokens can be shown from the keyboard", async () => {
  await type("ab 7");
  assert.deepEqual(await page.locator(".token").allTextContents(), ["ab", "7"]);
  assert.equal(await styleOf(".token >> nth=0", "boxShadow"), "none");
  await page.focus("#tokens");
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("#tokens", "aria-pressed"), "true");
  assert.notEqual(await styleOf(".token >> nth=0", "boxShadow"), "none");
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("#tokens", "aria-pressed"), "false");
});

test("the latency is the median of repeated runs of the text that stands there", async () => {
  await type("wake at 7");
  await page.locator("#latency:not(.old)").waitFor();
  assert.match(await page.locator("#latency").textContent(), /^\d+\.\d\d ms$/);
  assert.equal(await page.locator("#latency-note").textContent(), "median of 60 runs, 9 characters");
  assert.match(await page.locator("#last").textContent(), /^\d+(\.\d\d)? ms$/);
});

test("an example and a golden text can be picked", async () => {
  const chip = page.locator("#suggestions button").nth(1);
  await chip.click();
  assert.equal(await page.inputValue("#text"), await chip.textContent());
  await page.selectOption("#more", { label: "wake \\ud83d up" });
  assert.equal(await page.inputValue("#text"), "wake \ud83d up");
  await page.selectOption("#more", { label: "🎉 wake me 😀😀 up ☕" });
  await answered("🎉 wake me 😀😀 up ☕");
});

test("an emptied field shows no answer", async () => {
  await page.fill("#text", "");
  await page.locator("#answer").waitFor({ state: "hidden" });
});

test("what is typed is text, never HTML", async () => {
  await type("<img src=x onerror=alert(1)> 7<b>");
  assert.equal(await page.locator("#annotated img, #legend b").count(), 0);
  assert.deepEqual(await highlighted(), [["number", "7<b>"]]);
});

test("a phone needs no scrolling sideways", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.fill("#text", `${"7".repeat(40)} donaudampfschifffahrtsgesellschaft`);
  await page.locator("#annotated mark").waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
});

for (const colorScheme of ["light", "dark"]) {
  test(`text has contrast in the ${colorScheme} scheme`, async () => {
    await page.emulateMedia({ colorScheme });
    await type("at 7");
    const contrast = (selector) => page.locator(selector).first().evaluate(contrastOf);
    for (const selector of ["#about", "mark", ".slot-name", ".labels li:not(.said) .label", ".note", "#tokens"]) {
      assert.ok((await contrast(selector)) >= 4.5, `${selector}: ${await contrast(selector)}`);
    }
  });
}

test("a damaged model is explained on the page", async () => {
  const opened = await openDemo(browser.context, (page) =>
    page.route("**/model.onnx", (route) => route.fulfill({ body: "not a model" })),
  );
  assert.match(await opened.page.locator("#error").textContent(), /model.onnx is damaged or was changed.*to fix: copy/s);
  await opened.page.close();
});

test("a browser without WebAssembly is told so", async () => {
  const opened = await openDemo(browser.context, (page) => page.addInitScript("delete globalThis.WebAssembly"));
  assert.match(await opened.page.locator("#error").textContent(), /WebAssembly is not available/);
  await opened.page.close();
});

/** The contrast ratio (WCAG 2) of an element's text with the first background behind it; runs in the page. */
function contrastOf(element) {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const luminance = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3), (value) =>
      value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const both = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(luminance);
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}
