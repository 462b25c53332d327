/** Tabs that take turns, as far as one page with several of them shows it. */

import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import { noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs } from "./tab.js";

/** Each tab writes down what it is told. */
const prepare = async () => {
  const page = /** @type {any} */ (globalThis);
  const [tabs, store] = ["/tabs.js", "/store.js"];
  const { joinTabs } = await import(tabs);
  page.store = (await import(store)).openStore();
  page.options = { issuer: "https://login.example", clientId: "spa" };
  page.shared = "stepup https://login.example,spa";
  await page.store.clear();
  localStorage.clear();
  page.join = (/** @type {number} */ me) => {
    const told = /** @type {string[]} */ ([]);
    const tab = joinTabs(page.options, me, () => told.push("cleared"));
    const take = () => tab.take(60_000, (/** @type {string} */ what) => void told.push(what));
    return { ...tab, told, take };
  };
  page.until = async (/** @type {() => unknown} */ is) => {
    for (const end = performance.now() + 5000; performance.now() < end; )
      if (is()) return;
      else await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error(`never: ${is}`);
  };
  /** Until all that was on its way between tabs, locks and storage has arrived. */
  page.settled = async () => {
    for (let rounds = 0; rounds < 10; rounds += 1) {
      await navigator.locks.query();
      await page.store.take("nothing");
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
};

suite("tabs that take turns", () => {
  const options = { skip: noBrowser };
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Tabs} */
  let browser;
  before(async () => {
    if (noBrowser) return;
    site = await serve(packageFolder, ({ url }) => (url.startsWith("/blank") ? BLANK : undefined));
    browser = await Tabs.start();
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });
  beforeEach(async () => {
    if (noBrowser) return;
    await browser.go(`${site.origin}/blank`);
    await browser.run(prepare);
  });

  /** @param {() => Promise<unknown>} script */
  const run = (script) => browser.run(script);

  test("t58 where the user goes on in one tab, no other begins that waited for one who is away", options, async () => {
    const told = await run(async () => {
      const { join, until, settled, shared } = /** @type {any} */ (globalThis);
      localStorage.setItem(`${shared} away`, JSON.stringify({ id: "elsewhere", until: Date.now() + 60_000 }));
      const [first, second] = [join(1), join(2)];
      first.take();
      await until(() => first.told.length === 1);
      second.take();
      await until(() => second.told.length === 1);
      second.force();
      // What another tab's storage event would say.
      dispatchEvent(new Event("storage"));
      await until(() => second.told.includes("taken"));
      await settled();
      const meanwhile = [...first.told];
      second.end();
      await until(() => first.told.includes("taken"));
      return { meanwhile, first: first.told, second: second.told };
    });
    assert.deepEqual(told, { meanwhile: ["awaited"], first: ["awaited", "taken"], second: ["awaited", "taken"] });
  });

  test("t67 a result from before a logout is not taken, although the storage still has it", options, async () => {
    /** @param {boolean} late whether it was received after the logout */
    const handed = (late) => `async () => {
      const { join, until, shared, store } = globalThis;
      const [first, second] = [join(1), join(2)];
      first.take();
      await until(() => first.told.includes("taken"));
      second.take();
      await until(() => second.told.length === 1);
      localStorage.setItem(shared, Date.now());
      const received = Date.now() + ${late ? 1 : -1} * 1000;
      await store.put(shared + " result", { text: JSON.stringify({ received }), parts: [] }, Date.now() + 60_000);
      first.end();
      await until(() => second.told.includes("taken"));
      return second.told;
    }`;
    assert.deepEqual(await browser.run(handed(true)), ["awaited", "handed", "taken"]);
    await browser.go(`${site.origin}/blank`);
    await browser.run(prepare);
    assert.deepEqual(await browser.run(handed(false)), ["awaited", "taken"]);
  });

  test("t67 a logout is heard once, whether it is told, written down, or both", options, async () => {
    const told = await run(async () => {
      const { join, until, settled, shared } = /** @type {any} */ (globalThis);
      const tab = join(1);
      const other = new BroadcastChannel(shared);
      const writes = (/** @type {string | null} */ key, /** @type {string | null} */ newValue) =>
        void dispatchEvent(new StorageEvent("storage", { key, newValue }));
      const counts = /** @type {number[]} */ ([]);
      const counted = async () => (await settled(), counts.push(tab.told.length));
      writes(shared, "5");
      await counted();
      other.postMessage({ from: 2, cleared: 5 });
      await counted();
      other.postMessage({ from: 2, cleared: 6 });
      await until(() => tab.told.length > 1);
      writes(shared, "6");
      await counted();
      // What says nothing of a logout of this app: of another app's, of all that was stored, of a new user.
      for (const key of [`${shared}2`, `${shared} changed`, null]) writes(key, "7");
      writes(shared, null);
      await counted();
      // That somebody else is signed in is no logout, also where one follows at once.
      other.postMessage({ from: 2, cleared: 8, sub: "bob" });
      other.postMessage({ from: 2, cleared: 8 });
      await until(() => tab.told.length > 3);
      writes(shared, "8");
      // Late, by a page whose loader took its time.
      other.postMessage({ from: 2, cleared: 5 });
      await counted();
      return counts;
    });
    assert.deepEqual(told, [1, 1, 2, 2, 4]);
  });

  test("t67 a logout from before the tab is none of what it began since", options, async () => {
    const told = await run(async () => {
      const { join, until, settled, shared } = /** @type {any} */ (globalThis);
      localStorage.setItem(shared, "5");
      const tab = join(1);
      const other = new BroadcastChannel(shared);
      other.postMessage({ from: 2, cleared: 5 });
      await settled();
      const before = tab.told.length;
      other.postMessage({ from: 2, cleared: 6 });
      await until(() => tab.told.length);
      return [before, tab.told.length];
    });
    assert.deepEqual(told, [0, 1]);
  });

  test("a logout has room to be written down, also in a storage that is full", options, async () => {
    const written = await run(async () => {
      const { join, shared } = /** @type {any} */ (globalThis);
      join(1);
      const room = localStorage.getItem(shared);
      const fill = () => {
        for (let size = 2 ** 22; size >= 1; size = Math.floor(size / 2))
          try {
            for (let more = 0; ; more += 1) localStorage.setItem(`fill ${size} ${more}`, "x".repeat(size));
          } catch {
            // Less, then.
          }
      };
      fill();
      const at = `${Date.now()}`;
      localStorage.setItem(shared, at);
      const kept = localStorage.getItem(shared);
      localStorage.clear();
      return { never: Number(room) < 1, kept: kept === at };
    });
    assert.deepEqual(written, { never: true, kept: true });
  });

  test("t67 a page that was frozen hears of a logout once, also of one after which all was deleted", options, async () => {
    const told = await run(async () => {
      const { join, settled, shared } = /** @type {any} */ (globalThis);
      const other = new BroadcastChannel(shared);
      const told = /** @type {Record<string, number>} */ ({});
      /** @param {string} what @param {() => void} [meanwhile] */
      const frozen = async (what, meanwhile) => {
        const tab = join(1);
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        meanwhile?.();
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        const at = Number(localStorage.getItem(shared));
        if (at >= 1) other.postMessage({ from: 2, cleared: at });
        await settled();
        told[what] = tab.told.length;
      };
      await frozen("nothing");
      await frozen("logout", () => localStorage.setItem(shared, `${Date.now()}`));
      await frozen("nothing since");
      await frozen("deleted", () => localStorage.clear());
      await frozen("deleted, and another page has come", () => (localStorage.clear(), join(2)));
      await frozen("another user", () => localStorage.setItem(`${shared} changed`, `${Date.now()}`));
      return told;
    });
    assert.deepEqual(told, {
      nothing: 0, logout: 1, "nothing since": 0, deleted: 1, "deleted, and another page has come": 1, "another user": 1,
    });
  });

  test("a user who is back does not end the turn of what goes on in their tab", options, async () => {
    const told = await run(async () => {
      const { join, until, settled } = /** @type {any} */ (globalThis);
      const [first, second] = [join(1), join(2)];
      first.take();
      await until(() => first.told.includes("taken"));
      second.take();
      await until(() => second.told.length === 1);
      first.back();
      await settled();
      return second.told;
    });
    assert.deepEqual(told, ["awaited"]);
  });
});
