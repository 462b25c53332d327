/** Records in IndexedDB, as a page meets them. */
/// <reference path="./store.page.d.ts" />

import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import { noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs, codeOf } from "./tab.js";

/** What a page has for its own use: the store, the database behind it, a value to be kept. */
const prepare = async () => {
  const page = /** @type {any} */ (globalThis);
  const at = "/store.js";
  page.openStore = (await import(at)).openStore;
  /** @param {IDBRequest} request */
  page.answer = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  /** Works on the database without the store. @param {(keys: any, records: any) => any} work */
  page.raw = async (work) => {
    const db = await page.answer(indexedDB.open("stepup"));
    const transaction = db.transaction(["keys", "records"], "readwrite");
    const ended = new Promise((resolve) => (transaction.oncomplete = resolve));
    const result = await work(transaction.objectStore("keys"), transaction.objectStore("records"));
    await ended;
    db.close();
    return result;
  };
  page.rows = () => page.raw((/** @type {any} */ _, /** @type {any} */ records) => page.answer(records.getAll()));
  page.value = (text = "text") => ({ text, parts: [] });
  page.soon = () => Date.now() + 60_000;
  page.names = async () => (await indexedDB.databases()).map(({ name }) => name);
};

suite("records in IndexedDB", () => {
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
  beforeEach(async () => {
    if (noBrowser) return;
    await tabs.go(`${site.origin}/blank`);
    await tabs.run(prepare);
    await tabs.run(() => answer(indexedDB.deleteDatabase("stepup")));
  });

  test("what is saved is given back once, byte for byte, on another page", options, async () => {
    await tabs.run(async () => {
      const large = new Uint8Array(5 << 20).map((_, at) => at * 31 + (at >> 8));
      const parts = [large.buffer, new ArrayBuffer(0), Uint8Array.of(0, 255, 10, 13).buffer];
      await openStore().put("s1", { text: '{"ä":"😀"}', parts }, soon());
    });
    await tabs.reload();
    await tabs.run(prepare);
    const found = await tabs.run(async () => {
      const { text, parts } = (await openStore().take("s1")) ?? value("nothing");
      const [large = new Uint8Array(), ...small] = parts.map((part) => new Uint8Array(part));
      const same = large.every((byte, at) => byte === ((at * 31 + (at >> 8)) & 255));
      return { text, same, length: large.length, small: small.map((part) => [...part]) };
    });
    const small = [[], [0, 255, 10, 13]];
    assert.deepEqual(found, { text: '{"ä":"😀"}', same: true, length: 5 << 20, small });
  });

  test("t54 what is given is gone, and who comes second learns that somebody was before", options, async () => {
    const found = await tabs.run(async () => {
      const until = soon();
      await openStore().put("s1", value("once"), until);
      const first = await openStore().take("s1");
      const [left, ...more] = await rows();
      const others = [await openStore().take("s1"), await openStore().take("s1")];
      await openStore().put("s1", value("another"), until);
      return [first, left?.until === until, Object.keys(left ?? {}), more, others, await openStore().take("s1")];
    });
    const once = { text: "once", parts: [] };
    assert.deepEqual(found, [once, true, ["id", "until"], [], ["taken", "taken"], { ...once, text: "another" }]);
  });

  test("what was taken is remembered as long as it would have been there", options, async () => {
    const found = await tabs.run(async () => {
      const { now } = Date;
      await openStore().put("s1", value(), now() + 1000);
      await openStore().take("s1");
      Date.now = () => now() + 1000;
      return [(await openStore().take("s1")) ?? null, await rows()];
    });
    assert.deepEqual(found, [null, []]);
  });

  test("t54 what is expired goes when it is looked for, too", options, async () => {
    const found = await tabs.run(async () => {
      const store = openStore();
      await store.put("late", value(), Date.now() - 1);
      await store.put("good", value(), soon());
      await raw((_, records) => void records.put({ id: "taken", until: Date.now() - 1 }));
      await store.sweep();
      return (await rows()).map(({ id }) => id);
    });
    assert.deepEqual(found, ["good"]);
  });

  test("t54 nothing is in the clear but the id, the end and the length", options, async () => {
    const found = await tabs.run(async () => {
      const store = openStore();
      const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text).buffer;
      for (const id of ["s1", "s2"])
        await store.put(id, { text: "MARKED-TEXT", parts: [bytes("MARKED-BODY"), bytes("MARKED-FILE")] }, 2e12);
      const all = await raw(async (keys, records) => ({
        keys: await answer(keys.getAll()), rows: await answer(records.getAll()), stores: [...keys.transaction.db.objectStoreNames],
      }));
      const latin = (/** @type {ArrayBuffer} */ data) => [...new Uint8Array(data)].map((byte) => String.fromCharCode(byte)).join("");
      const ivs = new Set(all.rows.map((row) => latin(row.iv)));
      return {
        stores: all.stores,
        members: all.rows.map((row) => Object.keys(row).sort().join()),
        ids: all.rows.map(({ id, until }) => [id, until]),
        marked: all.rows.some(({ data }) => latin(data).includes("MARKED")),
        ivs: ivs.size,
        ivBytes: all.rows[0].iv.byteLength,
        keys: all.keys.length,
      };
    });
    assert.deepEqual(found, {
      stores: ["keys", "records"],
      members: ["data,id,iv,until", "data,id,iv,until"],
      ids: [["s1", 2e12], ["s2", 2e12]],
      marked: false,
      ivs: 2,
      ivBytes: 12,
      keys: 1,
    });
  });

  test("t54 the key cannot be exported", options, async () => {
    const found = await tabs.run(async () => {
      await openStore().put("s1", value(), soon());
      const [key] = await raw((keys) => answer(keys.getAll()));
      const exported = await Promise.all(
        /** @type {const} */ (["raw", "jwk"]).map((format) =>
          crypto.subtle.exportKey(format, key).then(() => "exported", (error) => error.name),
        ),
      );
      return { exported, extractable: key.extractable, algorithm: key.algorithm, usages: key.usages };
    });
    assert.deepEqual(found, {
      exported: ["InvalidAccessError", "InvalidAccessError"],
      extractable: false,
      algorithm: { name: "AES-GCM", length: 256 },
      usages: ["encrypt", "decrypt"],
    });
  });

  /**
   * Does it in two tabs at the same moment, and gives back what both have got.
   * @param {(tab: string) => Promise<any>} work
   */
  const inBoth = async (work) => {
    const first = await tabs.current();
    const second = await tabs.another();
    await tabs.switchTo(second);
    await tabs.go(`${site.origin}/blank`);
    await tabs.run(prepare);
    await tabs.run(`(() => {
      const channel = new BroadcastChannel("race");
      channel.onmessage = async ({ data }) => {
        if (data === "go") channel.postMessage({ done: await (${work})("second") });
      };
    })`);
    await tabs.switchTo(first);
    const both = await tabs.run(`(async () => {
      const channel = new BroadcastChannel("race");
      const other = new Promise((resolve) => (channel.onmessage = ({ data }) => resolve(data.done)));
      channel.postMessage("go");
      return Promise.all([(${work})("first"), other]);
    })`);
    await tabs.switchTo(second);
    await tabs.closeFor(first);
    return /** @type {any} */ (both);
  };

  test("of twenty who take it at once in two tabs, one gets it", options, async () => {
    for (let round = 0; round < 5; round += 1) {
      await tabs.run(() => openStore().put("s1", value("once"), soon()));
      const both = await inBoth(() =>
        Promise.all(Array.from({ length: 10 }, async () => (await openStore().take("s1"))?.text)),
      );
      assert.deepEqual(both.flat().filter(Boolean), ["once"]);
      assert.equal(both.flat().length, 20);
    }
  });

  test("tabs that make the key at once end with the same one", options, async () => {
    for (let round = 0; round < 5; round += 1) {
      await tabs.run(() => answer(indexedDB.deleteDatabase("stepup")));
      await inBoth((tab) =>
        Promise.all(Array.from({ length: 5 }, (_, at) => openStore().put(`${tab}${at}`, value(`${tab}${at}`), soon()))),
      );
      const found = await tabs.run(() =>
        Promise.all(
          ["first", "second"].flatMap((tab) =>
            Array.from({ length: 5 }, async (_, at) => (await openStore().take(`${tab}${at}`))?.text === `${tab}${at}`),
          ),
        ),
      );
      assert.deepEqual(found, Array(10).fill(true));
    }
  });

  test("what is expired is not given, and every put and take deletes it", options, async () => {
    const found = await tabs.run(async () => {
      const store = openStore();
      const ids = async () => (await rows()).map(({ id }) => id);
      const seen = [];
      await store.put("late", value(), Date.now());
      seen.push(await ids(), (await store.take("late")) ?? null, await ids());
      await store.put("late", value(), Date.now() - 1);
      await store.put("good", value("kept"), soon());
      seen.push(await ids());
      await store.put("late", value(), Date.now() - 1);
      await store.take("none");
      seen.push(await ids(), (await store.take("good"))?.text);
      return seen;
    });
    assert.deepEqual(found, [["late"], null, [], ["good"], ["good"], "kept"]);
  });

  test("t66 what was evicted or cannot be read any more is not there", options, async () => {
    const found = await tabs.run(async () => {
      const store = openStore();
      /** @param {() => Promise<unknown>} harm */
      const after = async (harm) => {
        await store.put("s1", value(), soon());
        await harm();
        return (await store.take("s1")) ?? null;
      };
      /** @param {(row: any) => object} change */
      const changed = (change) => () =>
        raw(async (_, records) => {
          const row = await answer(records.get("s1"));
          records.put({ ...row, ...change(row) });
        });
      const harms = {
        evicted: () => answer(indexedDB.deleteDatabase("stepup")),
        noKey: () => raw((keys) => void keys.clear()),
        badKey: () => raw((keys) => void keys.put("no key", "key")),
        corrupted: changed(({ data }) => {
          new DataView(data).setUint8(0, ~new DataView(data).getUint8(0));
          return { data };
        }),
        cut: changed(({ data }) => ({ data: data.slice(0, 3) })),
        prolonged: changed(({ until }) => ({ until: until + 1 })),
        renamed: async () => {
          await store.put("s2", value("another's"), soon());
          await raw(async (_, records) => {
            const row = await answer(records.get("s2"));
            records.put({ ...row, id: "s1" });
          });
        },
      };
      /** @type {Record<string, unknown>} */
      const seen = {};
      for (const [name, harm] of Object.entries(harms)) seen[name] = await after(harm);
      // A key that is gone is made anew.
      await store.put("s1", value("again"), soon());
      return { ...seen, then: (await store.take("s1"))?.text, rows: (await rows()).filter(({ data }) => data).length };
    });
    const nothing = { evicted: null, noKey: null, badKey: null, corrupted: null, cut: null, prolonged: null };
    assert.deepEqual(found, { ...nothing, renamed: null, then: "again", rows: 1 });
  });

  test("remove() deletes one and clear() all", options, async () => {
    const found = await tabs.run(async () => {
      const store = openStore();
      for (const id of ["s1", "s2", "s3"]) await store.put(id, value(), soon());
      await store.remove("s2");
      const left = (await rows()).map(({ id }) => id);
      await store.clear();
      return [left, await rows()];
    });
    assert.deepEqual(found, [["s1", "s3"], []]);
  });

  test("an app that never saves anything has no database", options, async () => {
    const found = await tabs.run(async () => {
      const store = openStore();
      const taken = await store.take("s1");
      await store.remove("s1");
      await store.clear();
      return [taken ?? null, await names()];
    });
    assert.deepEqual(found, [null, []]);
  });

  suite("refused", () => {
    /** Puts and takes, and lets go what never fails. @param {number} [limit] */
    const all = async (limit) => {
      await tabs.run(async (limit) => {
        globalThis.store = openStore("stepup", limit);
        await store.remove("s1");
        await store.clear();
      }, limit);
      const put = await codeOf(tabs.run(() => store.put("s1", value(), soon())));
      const take = await codeOf(tabs.run(() => store.take("s1")));
      return [put, take];
    };
    const unavailable = ["storage_unavailable", "storage_unavailable"];

    test("t66 there is no IndexedDB", options, async () => {
      await tabs.run(() => void Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
      assert.deepEqual(await all(), unavailable);
    });

    test("t66 it may not be asked for", options, async () => {
      await tabs.run(() => {
        const get = () => {
          throw new DOMException("no", "SecurityError");
        };
        Object.defineProperty(globalThis, "indexedDB", { get });
      });
      assert.deepEqual(await all(), unavailable);
    });

    test("t66 the database cannot be opened, as in a private window", options, async () => {
      await tabs.run(() => {
        IDBFactory.prototype.open = () => {
          const request = new EventTarget();
          Object.assign(request, { error: new DOMException("no", "InvalidStateError") });
          queueMicrotask(() => /** @type {any} */ (request).onerror(new Event("error")));
          return /** @type {any} */ (request);
        };
      });
      assert.deepEqual(await all(), unavailable);
    });

    test("t66 the database never opens", options, async () => {
      await tabs.run(() => {
        IDBFactory.prototype.open = () => /** @type {any} */ (new EventTarget());
      });
      const before = Date.now();
      assert.deepEqual(await all(50), unavailable);
      assert.ok(Date.now() - before < 3000);
    });

    test("t66 another tab's older database does not give way", options, async () => {
      // A deletion that waits for this tab blocks every open after it.
      await tabs.run(async () => {
        const db = await answer(indexedDB.open("stepup"));
        indexedDB.deleteDatabase("stepup");
        globalThis.held = db;
      });
      assert.deepEqual(await all(200), unavailable);
      await tabs.run(() => globalThis.held.close());
    });

    test("t66 a transaction that hangs is undone when its time is over", options, async () => {
      const found = await tabs.run(async () => {
        await openStore().put("s1", value(), soon());
        // Somebody else's transaction is not finished, so ours has to wait.
        const db = await answer(indexedDB.open("stepup"));
        const records = db.transaction("records", "readwrite").objectStore("records");
        let busy = true;
        const keep = () => {
          if (busy) records.get("s1").onsuccess = keep;
        };
        keep();
        const taken = await openStore("stepup", 100).take("s1").catch((/** @type {any} */ error) => error.code);
        busy = false;
        db.close();
        return [taken, (await openStore().take("s1"))?.text];
      });
      assert.deepEqual(found, ["storage_unavailable", "text"]);
    });

    test("t66 the database is a later version's, or somebody else's", options, async () => {
      await tabs.run(async () => (await answer(indexedDB.open("stepup", 2))).close());
      assert.deepEqual(await all(), unavailable);
      await tabs.run(() => answer(indexedDB.deleteDatabase("stepup")));
      await tabs.run(async () => (await answer(indexedDB.open("stepup", 1))).close());
      assert.deepEqual(await all(), unavailable);
    });

    test("t66 there is no room left", options, async () => {
      // An origin of its own: how much room there is, the browser asks once in a while only.
      const origin = site.origin.replace("127.0.0.1", "localhost");
      await tabs.devtools("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
      await tabs.go(`${origin}/blank`);
      await tabs.run(prepare);
      try {
        const put = tabs.run(() => openStore().put("s1", { text: "", parts: [new ArrayBuffer(1 << 20)] }, soon()));
        const error = await put.then(() => assert.fail("it was saved"), (error) => error);
        assert.equal(error.code, "storage_unavailable");
        assert.match(error.cause, /Quota/);
      } finally {
        await tabs.devtools("Storage.overrideQuotaForOrigin", { origin });
      }
    });
  });
});
