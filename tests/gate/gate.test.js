/** The gate as a user meets it: what it says and offers, by pointer, keyboard and screen reader. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { noBrowser } from "../package/browser.js";
import { KEYS, Page } from "./page.js";
import { serve } from "./site.js";
import { LANGUAGES, STATES } from "./states.js";

const { open, choose, waiting, lost, failed, busy } = STATES;

// Skipped one by one, so that each is counted.
const options = { skip: noBrowser };

suite("the gate in Chromium", () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Page} */
  let page;
  before(async () => {
    if (noBrowser) return;
    site = await serve();
    page = await Page.start();
  });
  after(async () => {
    await page?.close();
    site?.close();
  });

  const visit = async (query = "") => {
    await page.media("light");
    await page.go(`${site.origin}/pages/gate.html${query}`);
  };
  /** @param {object} model @param {object} [settings] */
  const show = (model, settings = {}) =>
    page.run("return test.show(arguments[0], arguments[1])", model, settings);
  /** @param {object} model */
  const update = (model) => page.run("test.update(arguments[0])", model);
  const choices = () => page.run("return test.choices");
  const text = () => page.run("return test.text()");
  const focused = () => page.run("return test.focused()");

  for (const scheme of /** @type {const} */ (["light", "dark"]))
    for (const language of LANGUAGES)
      test(`axe finds nothing in any state in ${language}, ${scheme}`, options, async () => {
        await visit(`?lang=${language}`);
        await page.media(scheme, { "prefers-reduced-motion": "reduce" });
        await show(open.model);
        let contrasts = 0;
        for (const [name, { model, offers }] of Object.entries(STATES)) {
          await update(model);
          assert.deepEqual(await page.run("return test.offered()"), offers, name);
          const found = await page.run(`return axe.run("stepup-gate").then(
            ({ violations, incomplete, passes }) => ({
              wrong: [...violations, ...incomplete].flatMap(({ id, nodes }) =>
                nodes.map(({ html, failureSummary }) => id + " " + html + " " + failureSummary)),
              contrasts: passes.find(({ id }) => id === "color-contrast")?.nodes.length ?? 0,
            }))`);
          assert.deepEqual(found.wrong, [], name);
          contrasts += found.contrasts;
        }
        assert.ok(contrasts > 0, "contrasts were measured");
      });

  test("a region of a language is that language; an unknown one is English and says so", options, async () => {
    await visit("?lang=de-AT");
    await show(open.model);
    assert.match(await text(), /Identität bestätigen/);
    assert.equal(await page.run("return test.root().querySelector('h2').lang"), "");
    await visit("?lang=constructor");
    await show(open.model, { texts: { open: "Go on" } });
    assert.match(await text(), /Confirm it’s you/);
    assert.equal(await page.run("return test.root().querySelector('h2').lang"), "en");
    assert.equal(await page.run("return test.root().querySelector('[data-choice=open]').lang"), "");
  });

  test("it is laid out from right to left in Arabic", options, async () => {
    await visit("?lang=ar");
    await page.size(900, 600);
    await show(open.model);
    const [direction, first, second] = await page.run(`
      const [a, b] = test.root().querySelectorAll("button");
      return [getComputedStyle(test.root().querySelector("dialog")).direction,
        a.getBoundingClientRect().x, b.getBoundingClientRect().x]`);
    assert.equal(direction, "rtl");
    assert.ok(first > second, `${first} is right of ${second}`);
  });

  test("t20 a reason with markup is shown as text, under Trusted Types", options, async () => {
    await visit();
    const reason = '<img src=x onerror="test.choices.push(1)"><b>Pay</b> 25';
    await show({ ...open.model, reason });
    assert.ok((await text()).includes(reason));
    const elements = await page.run("return test.root().querySelectorAll('img, b').length");
    assert.equal(elements, 0);
    assert.deepEqual(await choices(), []);
    assert.deepEqual(await page.run("return test.violations"), []);
    assert.equal(await page.run("return test.root().querySelectorAll('[style], style').length"), 0);
  });

  test("the origin is named, and nothing where there is none", options, async () => {
    await visit();
    await show(open.model);
    assert.ok((await text()).includes("https://login.bank.example"));
    await update({ ...open.model, origin: "" });
    assert.ok(!(await text()).includes("Sign-in provider\n"));
  });

  test("what failed is told in plain words by its code, and alike where it is alike", options, async () => {
    await visit();
    await show(failed.model);
    const said = async (/** @type {string | undefined} */ error) => {
      await update({ ...failed.model, error });
      return page.run("return test.root().querySelector('[role=status]').innerText.trim()");
    };
    assert.equal(await said("timed_out"), "It took too long.");
    assert.equal(await said("assurance_stale"), await said("assurance_not_met"));
    assert.equal(await said("token_refused"), "Something went wrong.");
    assert.equal(await said(undefined), "Something went wrong.");
    assert.equal(await said("constructor"), "Something went wrong.");
  });

  test("every text may be the app's", options, async () => {
    await visit("?lang=fr");
    const texts = { title: "Encore vous ?", cancel: "Non", errors: { timed_out: "Trop tard.", other: "Hélas." } };
    await show(open.model, { texts });
    assert.match(await text(), /Encore vous \?/);
    assert.match(await text(), /Non/);
    assert.match(await text(), /Continuer/);
    await update({ ...failed.model, error: "timed_out" });
    assert.match(await text(), /Trop tard\./);
    await update({ ...failed.model, error: "token_refused" });
    assert.match(await text(), /Hélas\./);
  });

  test("by keyboard only: focus moves in, stays in, chooses, and returns", options, async () => {
    await visit();
    await page.run("document.querySelector('#send').focus()");
    await show(choose.model);
    assert.equal(await focused(), "passkey");
    const seen = [];
    for (let n = 0; n < 8; n += 1) {
      await page.keys(KEYS.tab);
      seen.push(await page.run("return document.activeElement.id || test.focused()"));
    }
    assert.ok(!seen.includes("send"), `it never leaves the dialog for the page: ${seen}`);
    for (const choice of choose.offers) assert.ok(seen.includes(choice), `${choice} is reached: ${seen}`);
    while ((await focused()) !== "redirect") await page.keys(KEYS.tab);
    await page.keys(KEYS.enter);
    assert.deepEqual(await choices(), ["redirect"]);
    await page.run("test.gate.close()");
    assert.equal(await page.run("return document.activeElement.id"), "send");
    assert.equal(await page.run("return document.querySelector('stepup-gate')"), null);
  });

  test("while it is busy the focus is on no button; afterwards on the first", options, async () => {
    await visit();
    await show(choose.model);
    for (const { model } of [waiting, busy]) {
      await update(model);
      assert.equal(await focused(), "title");
    }
    await update(failed.model);
    assert.equal(await focused(), "retry");
  });

  test("progress and failure change one live region that stays", options, async () => {
    await visit();
    await show(choose.model);
    await page.run("test.live = test.root().querySelector('[role=status]')");
    await update(waiting.model);
    assert.equal(await page.run("return test.live.isConnected && test.live.innerText"), "Waiting for your confirmation…");
    await update(failed.model);
    assert.match(await page.run("return test.live.isConnected && test.live.innerText"), /different account/);
    const tree = await page.devtools("Accessibility.getFullAXTree", {});
    const dialog = tree.nodes.find((/** @type {any} */ node) => node.role?.value === "dialog");
    assert.equal(dialog.name.value, "Not confirmed yet");
    assert.match(dialog.description.value, /Confirm the transfer .* https:\/\/login\.bank\.example .*different account/);
    const modal = dialog.properties.find((/** @type {any} */ { name }) => name === "modal");
    assert.equal(modal.value.value, true);
  });

  test("Escape says no, once", options, async () => {
    await visit();
    await show(lost.model);
    await page.keys(KEYS.escape);
    await page.keys(KEYS.escape);
    assert.deepEqual(await choices(), ["cancel"]);
  });

  test("Escape says no even right after another choice", options, async () => {
    await visit();
    await show(choose.model);
    await page.press("passkey");
    await update(waiting.model);
    await page.keys(KEYS.escape);
    assert.deepEqual(await choices(), ["passkey", "cancel"]);
  });

  test("a double click chooses once, also when the question changes meanwhile", options, async () => {
    await visit();
    await show(choose.model);
    await page.press("passkey", 2);
    assert.deepEqual(await choices(), ["passkey"]);
    await visit();
    await show(failed.model);
    // The answer to the first click puts another button under the second.
    await page.run(`test.root().addEventListener("click", () =>
      test.choices.length === 1 && test.update(arguments[0]))`, failed.model);
    await page.press("retry", 2);
    assert.deepEqual(await choices(), ["retry"]);
  });

  test("a key pressed twice at once chooses once", options, async () => {
    await visit();
    await show(failed.model);
    await page.run(`test.root().addEventListener("click", () => test.update(arguments[0]))`, failed.model);
    await page.keys(KEYS.enter, KEYS.enter);
    assert.deepEqual(await choices(), ["retry"]);
  });

  test("going to the window may be chosen again, and stopping after it", options, async () => {
    await visit();
    await show(lost.model);
    await page.press("continue");
    await page.run("return new Promise((resolve) => setTimeout(resolve, 600))");
    await page.press("continue");
    await page.press("cancel");
    assert.deepEqual(await choices(), ["continue", "continue", "cancel"]);
  });

  test("the choice is told inside the click, where a window may open", options, async () => {
    await visit();
    await show(open.model);
    await page.run(`window.test.sync = undefined;
      document.addEventListener("click", () => { test.sync = test.choices.length }, { once: true })`);
    await page.press("open");
    assert.equal(await page.run("return test.active"), true);
    assert.equal(await page.run("return test.sync"), 1);
  });

  test("a page that removes the gate has said no for the user", options, async () => {
    await visit();
    await show(open.model);
    await page.run("document.body.replaceChildren()");
    assert.deepEqual(await choices(), ["cancel"]);
  });

  test("two copies of the package get along with one registration", options, async () => {
    await visit();
    await show(open.model);
    await page.run("test.gate.close()");
    await page.run("return test.showCopy()");
    assert.match(await text(), /Confirm it’s you/);
    await page.press("open");
    assert.deepEqual(await choices(), ["open"]);
  });

  test("motion, contrast, forced colours and colour scheme are the user's and the page's", options, async () => {
    /** @param {"light" | "dark"} scheme @param {Record<string, string>} more @param {string} part @param {string} property */
    const computed = async (scheme, more, part, property) => {
      await page.media(scheme, more);
      return page.run("return getComputedStyle(test.root().querySelector(arguments[0]))[arguments[1]]", part, property);
    };
    await visit();
    await show(waiting.model);
    assert.equal(await computed("light", {}, ".spinner", "animationName"), "turn");
    assert.equal(await computed("light", { "prefers-reduced-motion": "reduce" }, ".spinner", "animationName"), "none");
    assert.equal(await computed("light", {}, "button", "borderTopWidth"), "1px");
    assert.equal(await computed("light", { "prefers-contrast": "more" }, "button", "borderTopWidth"), "2px");
    assert.equal(await computed("light", {}, "dialog", "backgroundColor"), "rgb(255, 255, 255)");
    assert.equal(await computed("dark", {}, "dialog", "backgroundColor"), "rgb(18, 18, 18)");
    await page.run("document.querySelector('meta[name=color-scheme]').remove()");
    assert.equal(await computed("dark", {}, "dialog", "backgroundColor"), "rgb(255, 255, 255)");
    await update(lost.model);
    assert.equal(await computed("light", { "forced-colors": "active" }, ".primary", "borderTopWidth"), "3px");
  });

  test("a theme sets custom properties and styles parts; the page's own rules stay outside", options, async () => {
    await visit();
    await page.run(`const theme = new CSSStyleSheet();
      theme.replaceSync("stepup-gate { --stepup-accent: rgb(0, 90, 60) } body * { display: none; letter-spacing: 9px } " +
        "stepup-gate::part(title) { color: rgb(1, 2, 3) }");
      document.adoptedStyleSheets = [theme]`);
    await show(open.model);
    const [button, title, spacing, width] = await page.run(`
      const of = (selector) => getComputedStyle(test.root().querySelector(selector));
      return [of(".primary").backgroundColor, of("h2").color, of("p").letterSpacing,
        test.root().querySelector("dialog").offsetWidth]`);
    assert.deepEqual([button, title, spacing], ["rgb(0, 90, 60)", "rgb(1, 2, 3)", "normal"]);
    assert.ok(width > 300, `${width}`);
  });

  test("it fits a small screen, however long the reason", options, async () => {
    await visit("?lang=de");
    await page.size(320, 480);
    await show({ ...choose.model, reason: "Überweisung ".repeat(200) });
    const [wide, high, scrolls] = await page.run(`const d = test.root().querySelector("dialog");
      return [d.offsetWidth <= 320 && d.scrollWidth <= d.clientWidth, d.offsetHeight <= 480, d.scrollHeight > d.clientHeight]`);
    assert.deepEqual([wide, high, scrolls], [true, true, true]);
    await page.size(900, 600);
  });
});
