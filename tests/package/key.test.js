/** The key that tokens are bound to, in IndexedDB, as pages meet it. */
/// <reference path="./store.page.d.ts" />
/// <reference path="./key.page.d.ts" />

import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import { noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs, codeOf } from "./tab.js";

const prepare = async () => {
  const page = /** @type {any} */ (globalThis);
  const at = "/dpop.js";
  const { forget, prover } = await import(at);
  page.forget = forget;
  const client = { proof_header: () => "header", proof: () => "claims", proved: () => false };
  const around = { client, enter: (/** @type {() => unknown} */ run) => run(), forgotten: () => {} };
  page.proverOf = (/** @type {string} */ clientId) => prover({ issuer: "https://login.example", clientId }, around);
  /** @param {IDBRequest} request */
  page.answer = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  /** @param {(keys: any) => any} work */
  page.stored = async (work) => {
    const db = await page.answer(indexedDB.open("stepup"));
    const result = await work(db.transaction("keys", "readwrite").objectStore("keys"));
    db.close();
    return result;
  };
};

suite("the key that tokens are bound to", () => {
  const options = { skip: noBrowser };
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Tabs} */
  let tabs;
  before(async () => {
    if (noBrowser) return;
    site = await serve(packageFolder, ({ url }) => (url.startsWith("/blank") ? BLANK : undefined));
    tabs = await Tabs.start();
  });
  after(async () => {
    await tabs?.close();
    site?.close();
  });
  const fresh = async () => {
    await tabs.go(`${site.origin}/blank`);
    await tabs.run(prepare);
  };
  beforeEach(async () => {
    if (noBrowser) return;
    await fresh();
    await tabs.run(async () => void (await answer(indexedDB.deleteDatabase("stepup"))));
  });

  const key = () => tabs.run(() => proverOf("app").key());

  test("is made once and found again by the next page", options, async () => {
    const made = await key();
    assert.match(made, /^[\w-]{43}$/);
    assert.equal(await key(), made);
    await fresh();
    assert.equal(await key(), made);
    // That page signs with it, and a page that never asked for it as well.
    await fresh();
    const proof = await tabs.run((jkt) => proverOf("app").prove(jkt, "POST", "https://login.example/token"), made);
    assert.match(proof, /^header\.claims\.[\w-]{86}$/);
  });

  test("cannot be exported, and is for signatures only", options, async () => {
    await key();
    const found = await tabs.run(async () => {
      const [pair] = /** @type {any[]} */ (await stored((keys) => answer(keys.getAll())));
      const formats = /** @type {const} */ (["jwk", "pkcs8"]);
      const exports = formats.map((format) =>
        crypto.subtle.exportKey(/** @type {any} */ (format), pair.privateKey).then(() => "exported", (error) => error.name),
      );
      const { extractable, algorithm, usages } = pair.privateKey;
      return { members: Object.keys(pair).sort(), exports: await Promise.all(exports), extractable, algorithm, usages };
    });
    assert.deepEqual(found, {
      members: ["privateKey", "publicKey"],
      exports: ["InvalidAccessError", "InvalidAccessError"],
      extractable: false,
      algorithm: { name: "ECDSA", namedCurve: "P-256" },
      usages: ["sign"],
    });
  });

  test("is the same in tabs that make it at once, and another for another app", options, async () => {
    const first = await tabs.current();
    const second = await tabs.another();
    await tabs.switchTo(second);
    await fresh();
    await tabs.run(() => {
      const channel = new BroadcastChannel("race");
      channel.onmessage = async ({ data }) => data === "go" && channel.postMessage({ key: await proverOf("app").key() });
    });
    await tabs.switchTo(first);
    const both = await tabs.run(async () => {
      const channel = new BroadcastChannel("race");
      const other = new Promise((resolve) => (channel.onmessage = ({ data }) => resolve(data.key)));
      channel.postMessage("go");
      return Promise.all([proverOf("app").key(), proverOf("app").key(), other, proverOf("another").key()]);
    });
    await tabs.switchTo(second);
    await tabs.closeFor(first);
    assert.equal(new Set(both.slice(0, 3)).size, 1);
    assert.notEqual(both[3], both[0]);
  });

  test("that is evicted gives way to a new one, and what was bound to it says so", options, async () => {
    const proves = (/** @type {string} */ jkt) =>
      tabs.run((jkt) => proverOf("app").prove(jkt, "POST", "https://login.example/token"), jkt);
    for (const harm of [
      () => answer(indexedDB.deleteDatabase("stepup")),
      () => stored((keys) => answer(keys.put("nonsense", "dpop https://login.example app"))),
      () => stored((keys) => answer(keys.put({ privateKey: 1 }, "dpop https://login.example app"))),
    ]) {
      const made = await key();
      await tabs.run(`(async () => void (await (${harm})()))`);
      // The page that has it goes on.
      assert.ok(await proves(made));
      await fresh();
      assert.equal(await codeOf(proves(made)), "pending_expired");
      const another = await key();
      assert.notEqual(another, made);
      await fresh();
      assert.equal(await key(), another);
    }
  });

  test("t54 is deleted by clear(), and no other key is", options, async () => {
    const [made, others] = await tabs.run(() => Promise.all([proverOf("app").key(), proverOf("another").key()]));
    await tabs.run(() => forget({ issuer: "https://login.example", clientId: "app" }));
    assert.equal(await tabs.run(() => proverOf("another").key()), others);
    const names = await tabs.run(() => stored((keys) => answer(keys.getAllKeys())));
    assert.deepEqual(names, ["dpop https://login.example another"]);
    assert.notEqual(await key(), made);
  });
});
