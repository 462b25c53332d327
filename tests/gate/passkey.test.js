/** A passkey in the page, by keyboard only: every state of the gate with a real authenticator behind it. */

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, suite, test } from "node:test";

import { noBrowser } from "../package/browser.js";
import { Authenticator } from "./authenticator.js";
import { KEYS, Page } from "./page.js";
import { serve } from "./site.js";

// Skipped one by one, so that each is counted.
const options = { skip: noBrowser };

suite("a passkey through the gate in Chromium", () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Page} */
  let page;
  /** @type {Authenticator} */
  let authenticator;
  before(async () => {
    if (noBrowser) return;
    site = await serve();
    page = await Page.start();
  });
  after(async () => {
    await page?.close();
    site?.close();
  });
  beforeEach(async () => {
    if (noBrowser) return;
    site.backend.reset();
    // An rp id is a domain (WebAuthn Level 3 §5.1.4.1): no address will do.
    await page.go(`${site.other}/pages/gate.html`);
    authenticator = await Authenticator.plugIn(page, "localhost");
    await page.run("document.querySelector('#send').focus()");
  });
  afterEach(async () => {
    await authenticator?.unplug();
  });

  /** @param {string} state */
  const shows = (state) =>
    page.until("return test.root()?.querySelector('dialog').classList.contains(arguments[0])", state);
  const offered = () => page.run("return test.offered()");
  const focused = () => page.run("return test.focused()");
  const said = () => page.run("return test.root().querySelector('[role=status]').innerText.trim()");
  /** Until the request has its outcome, the gate is gone and the focus is back. */
  const ended = async () => {
    await page.until("return test.outcome");
    assert.equal(await page.run("return document.querySelector('stepup-gate')"), null);
    assert.equal(await page.run("return document.activeElement.id"), "send");
    assert.deepEqual(await page.run("return test.violations"), []);
    return page.run("return test.outcome");
  };
  /** Goes to a choice by Tab, and presses it, no faster than a user could. @param {string} choice @param {string} [key] */
  const press = async (choice, key = KEYS.enter) => {
    await new Promise((resolve) => setTimeout(resolve, 450));
    for (let left = 6; (await focused()) !== choice; left -= 1) {
      assert.ok(left, `${choice} is not reached`);
      await page.keys(KEYS.tab);
    }
    await page.keys(key);
  };
  const begin = async () => {
    await page.run("test.transfer()");
    await shows("choose");
  };

  test("choose, waiting, busy, done", options, async () => {
    // The user takes their time, which a virtual one cannot.
    await page.run(`const get = navigator.credentials.get.bind(navigator.credentials);
      const confirmed = new Promise((resolve) => { test.confirm = resolve });
      navigator.credentials.get = async (asked) => { await confirmed; return get(asked) }`);
    site.backend.hold();
    await begin();
    assert.deepEqual(await offered(), ["passkey", "popup", "cancel"]);
    assert.equal(await focused(), "passkey");
    await page.keys(KEYS.enter);
    await shows("waiting");
    assert.deepEqual([await offered(), await focused()], [["another", "cancel"], "title"]);
    assert.equal(await said(), "Waiting for your confirmation…");
    assert.equal(site.backend.verified.length, 0);
    await page.run("test.confirm()");
    await shows("busy");
    assert.deepEqual([await offered(), await focused(), await said()], [["cancel"], "title", "One moment…"]);
    site.backend.release();
    assert.equal(await ended(), "200");
    const { credential, acr_values } = site.backend.verified.at(-1);
    assert.equal(acr_values, "AL3");
    assert.equal(credential.id, authenticator.credentialId);
    const { type, origin } = JSON.parse(Buffer.from(credential.response.clientDataJSON, "base64url").toString());
    assert.deepEqual([type, origin], ["webauthn.get", site.other]);
  });

  test("failed, again failed, and then it is confirmed", options, async () => {
    await authenticator.verifiesUser(false);
    await begin();
    await press("passkey", KEYS.space);
    await shows("failed");
    assert.deepEqual([await offered(), await focused()], [["retry", "another", "cancel"], "retry"]);
    assert.equal(await said(), "It was not confirmed.");
    await page.run("test.first = test.root().querySelector('[data-choice=retry]')");
    await press("retry");
    await page.until("return !test.first.isConnected");
    await shows("failed");
    await authenticator.verifiesUser(true);
    await press("retry");
    assert.equal(await ended(), "200");
    assert.equal(site.backend.verified.length, 1);
  });

  test("failed, another way: the window, which comes back by the callback", options, async () => {
    await authenticator.verifiesUser(false);
    await begin();
    await press("passkey");
    await shows("failed");
    await press("another");
    await shows("choose");
    assert.deepEqual([await offered(), await focused()], [["passkey", "popup", "cancel"], "passkey"]);
    await press("popup");
    assert.equal(await ended(), "200");
    assert.deepEqual(site.backend.verified, []);
  });

  test("waiting, another way: the ceremony has ended, and a passkey may be asked for anew", options, async () => {
    await authenticator.isPresent(false);
    await begin();
    await press("passkey");
    await shows("waiting");
    await press("another");
    await shows("choose");
    await authenticator.isPresent(true);
    await press("passkey");
    assert.equal(await ended(), "200");
    assert.equal(site.backend.verified.length, 1);
  });

  for (const state of ["choose", "waiting", "busy"])
    test(`t15 ${state}, Escape: that is a no, and what was typed in the gate is no wish for another prompt`, options, async () => {
      await authenticator.isPresent(state !== "waiting");
      if (state === "busy") site.backend.hold();
      await begin();
      if (state !== "choose") await press("passkey");
      await shows(state);
      await page.keys(KEYS.escape);
      assert.equal(await ended(), "cancelled");
      await page.run("test.transfer()");
      assert.equal(await ended(), "prompt_suppressed");
      // A click in the page is a wish.
      await page.run("document.querySelector('#send').onclick = () => test.transfer()");
      await authenticator.isPresent(true);
      site.backend.release();
      await page.keys(KEYS.enter);
      assert.equal(await ended(), "200");
    });

  test("what the server says of the answer is told in plain words", options, async () => {
    site.backend.refusal = "subject_mismatch";
    await begin();
    await press("passkey");
    await shows("failed");
    assert.match(await said(), /different account/);
    await press("cancel");
    assert.equal(await ended(), "subject_mismatch");
  });
});
