/** What the option `gate` makes of a request that needs a click. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { noBrowser } from "../package/browser.js";
import { Page } from "./page.js";
import { serve } from "./site.js";

// Skipped one by one, so that each is counted.
const options = { skip: noBrowser };

suite("the gate of createStepUp in Chromium", () => {
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

  const visit = () => page.go(`${site.origin}/pages/gate.html`);
  const shown = () => page.until("return test.text() !== ''");
  const ended = async () => {
    await page.until("return test.outcome");
    return page.run("return test.outcome");
  };

  test("t20 it shows the app's reason and nothing that the API wrote", options, async () => {
    await visit();
    await page.run("test.begin({}, { stepup: { reason: 'Pay <b>25</b> to Rent' } })");
    await shown();
    const text = await page.run("return test.text()");
    assert.ok(text.includes("Pay <b>25</b> to Rent"), text);
    assert.ok(text.includes(site.origin), text);
    assert.ok(!text.includes("0900"), text);
    assert.deepEqual(await page.run("return test.offered()"), ["open", "cancel"]);
    assert.deepEqual(await page.run("return test.violations"), []);
    await page.press("cancel");
    assert.equal(await ended(), "cancelled");
    assert.equal(await page.run("return document.querySelector('stepup-gate')"), null);
  });

  test("texts are replaced", options, async () => {
    await visit();
    await page.run("test.begin({ gate: { texts: { open: 'Yes, go on' } } })");
    await shown();
    assert.match(await page.run("return test.text()"), /Yes, go on/);
  });

  test("without a gate, what needs a click fails at once", options, async () => {
    await visit();
    await page.run("test.begin({ gate: false })");
    assert.equal(await ended(), "popup_blocked");
  });

  test("the app's own gate is asked, answers inside the click, and is closed", options, async () => {
    await visit();
    await page.run(`test.calls = [];
      test.begin({ gate: (model, choose) => {
        test.calls.push(model);
        test.choose = choose;
        return { update() {}, close: () => test.calls.push("closed") };
      } }, { stepup: { reason: "Pay" } })`);
    await page.until("return test.calls.length === 1");
    const model = { state: "choose", methods: ["popup"], reason: "Pay", origin: site.origin };
    assert.deepEqual(await page.run("return test.calls[0]"), model);
    await page.run(`window.open = () => { test.calls.push("opened"); return null };
      document.querySelector("#send").onclick = () => {
        test.choose("open");
        test.calls.push("returned");
      }`);
    await page.clickOn("#send");
    assert.equal(await ended(), "popup_blocked");
    // The window is tried for before `choose` returns; afterwards nothing is asked any more.
    await page.run("test.choose('open')");
    const calls = await page.run("return test.calls.slice(1)");
    assert.deepEqual(calls, ["opened", "closed", "returned"]);
  });

  test("an own gate that throws ends the step-up, and its error is reported", options, async () => {
    await visit();
    await page.run(`test.reported = "";
      addEventListener("error", (event) => { test.reported = event.message; event.preventDefault(); });
      test.begin({ gate: test.broken })`);
    assert.equal(await ended(), "configuration_invalid");
    assert.match(await page.run("return test.reported"), /no room/);
  });

  test("t40 framed by another origin it does not show, unless the app allows that", options, async () => {
    await page.go(`${site.other}/pages/framed.html?origin=${site.origin}`);
    await page.intoFrame();
    await page.run("test.begin({})");
    assert.equal(await ended(), "embedding_blocked");
    assert.equal(await page.run("return document.querySelector('stepup-gate')"), null);
    await page.run("test.begin({ gate: { frame: 'allow' } })");
    await shown();
  });

  test("t40 framed by its own origin it shows", options, async () => {
    await page.go(`${site.origin}/pages/framed.html?origin=${site.origin}`);
    await page.intoFrame();
    await page.run("test.begin({})");
    await shown();
  });
});
