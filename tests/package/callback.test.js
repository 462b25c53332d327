/** The page on the redirect URI, and what the page that comes after it finds. */

import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";

import { noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs, codeOf } from "./tab.js";

const AWAITED = "stepup:awaited";
const RESPONSE = "stepup:response";

suite("back from a redirect", () => {
  const options = { skip: noBrowser };
  /** @type {import("./site.js").Asked[]} */
  const asked = [];
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Tabs} */
  let tabs;
  before(async () => {
    if (noBrowser) return;
    site = await serve(packageFolder, (request) => {
      asked.push(request);
      return /^\/+(app|evil|provider)/.test(request.url) ? BLANK : undefined;
    });
    tabs = await Tabs.start();
  });
  after(async () => {
    await tabs?.close();
    site?.close();
  });
  beforeEach(async () => {
    if (noBrowser) return;
    await tabs.go(`${site.origin}/app`);
    await tabs.run(() => sessionStorage.clear());
    asked.length = 0;
  });

  /** Calls one of return.js's in the page. @param {string} name @param {...unknown} args */
  const returning = (name, ...args) =>
    tabs.run(`(async (name, ...args) => {
      const at = "/return.js";
      return (await import(at))[name](...args) ?? null;
    })`, name, ...args);
  const stored = () => tabs.run(() => ({ ...sessionStorage }));
  const at = async () => (await tabs.url()).replace(site.origin, "");
  /** @param {string} path */
  const go = (path) => tabs.go(site.origin + path);
  /** Where the page is, once it is not on the callback page any more. */
  const cameBack = async () => {
    await tabs.until(() => !/^\/callback/.test(location.pathname) && document.readyState === "complete");
    return at();
  };

  /**
   * From now on each page notes, before it does it, what the address bar shows at each use of what could
   * give the answer away, and at each wait for an answer.
   */
  const watched = () =>
    tabs.beforehand(() => {
      const { getItem, setItem } = Storage.prototype;
      const note = (/** @type {string} */ what) => {
        const log = JSON.parse(getItem.call(sessionStorage, "log") ?? "[]");
        setItem.call(sessionStorage, "log", JSON.stringify([...log, `${what}${location.search}`]));
      };
      Storage.prototype.getItem = function (key) {
        note("read");
        return getItem.call(this, key);
      };
      Storage.prototype.setItem = function (key, value) {
        note("write");
        setItem.call(this, key, value);
      };
      const Channel = BroadcastChannel;
      globalThis.BroadcastChannel = class extends Channel {
        /** @param {string} name */
        constructor(name) {
          note("channel");
          super(name);
        }
      };
    });
  const log = () => tabs.run(() => JSON.parse({ ...sessionStorage }.log ?? "[]"));
  /** The popup way was taken: the answer went to a channel, and nowhere else. */
  const broadcasts = () => tabs.until(() => ({ ...sessionStorage }).log?.includes("channel"));

  for (const name of ["state", "stepup_state"])
    test(`the answer to an awaited ${name} is put aside, and the deep link restored`, options, async () => {
      await go("/app/deep/%C3%A4?q=1&r=%2F#part/2?x");
      await returning("await_", "s1", "/app/deep/%C3%A4?q=1&r=%2F#part/2?x");
      assert.deepEqual(await returning("awaiting"), { state: "s1", returnTo: "/app/deep/%C3%A4?q=1&r=%2F#part/2?x" });
      await go("/provider");
      await go(`/callback.html?code=MARKED&${name}=s1&iss=x`);
      assert.equal(await cameBack(), "/app/deep/%C3%A4?q=1&r=%2F#part/2?x");
      const search = `?code=MARKED&${name}=s1&iss=x`;
      assert.deepEqual(await returning("response"), { search });
      // Until it is taken, a reload finds it again.
      await tabs.reload();
      assert.deepEqual(await returning("response"), { search });
      await returning("stopAwaiting");
      assert.deepEqual([await returning("response"), await returning("awaiting"), await stored()], [null, null, {}]);
    });

  test("t31 the code leaves the address bar first of all, and no referrer tells it", options, async () => {
    const end = await watched();
    try {
      await returning("await_", "s1", "/app/back");
      await tabs.run(() => sessionStorage.removeItem("log"));
      site.paths();
      await go("/callback.html?code=MARKED&state=s1");
      assert.equal(await cameBack(), "/app/back");
      assert.deepEqual(await log(), ["read", "write"]);
      // Nothing had to be fetched for it.
      const paths = site.paths();
      assert.deepEqual(paths.slice(0, paths.indexOf("/app/back")), ["/callback.html", "/callback.js"]);
      assert.equal(await tabs.run(() => document.referrer), "");
      for (const { url, headers } of asked)
        assert.doesNotMatch(url.startsWith("/callback.html") ? (headers.referer ?? "") : url + headers.referer, /MARKED/);
      await go("/callback.html?code=MARKED&state=s2");
      await broadcasts();
      assert.equal(await at(), "/callback.html");
      assert.deepEqual((await log()).slice(-2), ["read", "channel"]);
    } finally {
      await end();
    }
  });

  test("the callback page is in no history: Back leads past it, and a second answer is not awaited", options, async () => {
    await go("/app/before");
    await returning("await_", "s1", "/app/back");
    await go("/provider");
    await go("/callback.html?code=MARKED&state=s1");
    assert.equal(await cameBack(), "/app/back");
    await returning("stopAwaiting");
    await tabs.back();
    assert.equal(await at(), "/provider");
    const end = await watched();
    try {
      await go("/callback.html?code=MARKED&state=s1");
      await broadcasts();
      assert.equal(await at(), "/callback.html");
      assert.equal((await stored())[RESPONSE], undefined);
    } finally {
      await end();
    }
  });

  test("t60 loaded again on the way back, the callback page leads back all the same", options, async () => {
    const end = await watched();
    try {
      await returning("await_", "s1", "/app/back");
      await go("/callback.html?code=c&state=s1");
      assert.equal(await cameBack(), "/app/back");
      for (const search of ["", "?utm=1"]) {
        await tabs.run(() => sessionStorage.removeItem("log"));
        await go(`/callback.html${search}`);
        if (search) {
          // That is an answer to nothing: what was put aside waits for the page that it is for.
          await tabs.run(() => new Promise((resolve) => setTimeout(resolve, 500)));
          assert.deepEqual([await at(), await log()], ["/callback.html", ["read"]]);
        } else assert.equal(await cameBack(), "/app/back");
        assert.deepEqual(await returning("response"), { search: "?code=c&state=s1" });
      }
      // Once it is taken up there is nothing to go back with, and nobody is told a second time.
      await returning("stopAwaiting");
      await tabs.run(() => sessionStorage.removeItem("log"));
      await go("/callback.html");
      await tabs.run(() => new Promise((resolve) => setTimeout(resolve, 500)));
      assert.deepEqual([await at(), await log()], ["/callback.html", ["read"]]);
    } finally {
      await end();
    }
  });

  test("t55 what was given up after it was saved is told to the page that comes back", options, async () => {
    await returning("await_", "s1", "/app", { without: [2] });
    for (const [state, index] of [["s1", 0], ["another", 1]]) await returning("awaitWithout", state, index);
    assert.deepEqual(await returning("awaiting"), { state: "s1", returnTo: "/app", without: [2, 0] });
  });

  test("t60 a page learns that one before it has begun to take up the same, and no other", options, async () => {
    await returning("await_", "s1", "/app");
    assert.deepEqual([await returning("taking", "s1"), await returning("taking", "s1")], [false, true]);
    assert.deepEqual([await returning("taking", "s2"), await returning("taking", "s2")], [false, true]);
    await returning("stopAwaiting");
    assert.deepEqual([await stored(), await returning("taking", "s2")], [{}, false]);
  });

  test("t30 no address of another origin is gone to, whoever has written it down", options, async () => {
    const end = await watched();
    try {
      const { host } = new URL(site.origin);
      for (const returnTo of [
        "https://evil.test/", "//evil.test/", "/\\evil.test/", "\\\\evil.test/", "/\t/evil.test/", "/\n\\evil.test/",
        "\t//evil.test/", "javascript:document.title='evil'", "data:text/html,evil", "evil", "", " /evil", "?evil",
        `//${host}/evil`, `${site.origin}/evil`, "http:/evil", ["/evil", "//evil.test"], { href: "/evil" }, null, 1,
      ]) {
        await tabs.run((item) => {
          sessionStorage.clear();
          sessionStorage.setItem("stepup:awaited", item);
        }, JSON.stringify({ state: "s1", returnTo }));
        assert.equal(await returning("awaiting"), null, String(returnTo));
        await tabs.run(() => sessionStorage.removeItem("log"));
        await go("/callback.html?code=MARKED&state=s1");
        await broadcasts();
        assert.equal(await at(), "/callback.html", String(returnTo));
        assert.deepEqual(await log(), ["read", "channel"], String(returnTo));
        await go("/app");
      }
      for (const item of ["", "{", "null", "[]", '"s1"', '{"state":"","returnTo":"/evil"}', '{"state":{},"returnTo":"/evil"}']) {
        await tabs.run((item) => {
          sessionStorage.clear();
          sessionStorage.setItem("stepup:awaited", item);
        }, item);
        assert.equal(await returning("awaiting"), null, item);
        await tabs.run(() => sessionStorage.removeItem("log"));
        await go("/callback.html?code=MARKED&state=");
        await broadcasts();
        assert.equal(await at(), "/callback.html", item);
        await go("/app");
      }
    } finally {
      await end();
    }
  });

  test("t30 nothing but a path of this origin is written down", options, async () => {
    for (const path of ["https://evil.test/", "/\\evil.test", "/\t/evil.test", "javascript:1", "app", ""])
      assert.equal(await codeOf(returning("await_", "s1", path)), "configuration_invalid", path);
    assert.deepEqual(await stored(), {});
  });

  test("t30 a path that begins with two slashes is gone back to on this origin", options, async () => {
    await go("//evil.test/deep?x#y");
    await tabs.run(async () => {
      const at = "/return.js";
      (await import(at)).await_("s1", location.pathname + location.search + location.hash);
    });
    await go("/provider");
    await go("/callback.html?code=MARKED&state=s1");
    await tabs.until(() => /^\/\/evil/.test(location.pathname));
    assert.equal(await tabs.url(), `${site.origin}//evil.test/deep?x#y`);
  });

  test("of two states the first one counts, and both are handed on", options, async () => {
    const end = await watched();
    try {
      await returning("await_", "s1", "/app/back");
      await go("/callback.html?code=c&state=s1&stepup_state=popup");
      await broadcasts();
      assert.equal(await at(), "/callback.html");
      await go("/callback.html?code=c&state=s1&state=s2");
      assert.equal(await cameBack(), "/app/back");
      assert.deepEqual(await returning("response"), { search: "?code=c&state=s1&state=s2" });
    } finally {
      await end();
    }
  });

  test("t26 what is not awaited changes nothing: a link of an attacker, a reload", options, async () => {
    const end = await watched();
    try {
      for (const awaited of [undefined, "s1"]) {
        await go("/app");
        await tabs.run(() => sessionStorage.clear());
        if (awaited) await returning("await_", awaited, "/app/back");
        const before = (await stored())[AWAITED];
        await go("/callback.html?code=forged&state=attacker");
        await broadcasts();
        await tabs.run(() => sessionStorage.removeItem("log"));
        await tabs.reload();
        await tabs.run(() => 0);
        assert.deepEqual(await log(), ["read"]);
        assert.equal(await at(), "/callback.html");
        const { [AWAITED]: awaits, [RESPONSE]: answer } = await stored();
        assert.deepEqual([awaits, answer], [before, undefined]);
      }
    } finally {
      await end();
    }
  });

  test("a popup's answer reaches the page that waits for it, although the tab awaits another", options, async () => {
    await returning("await_", "s1", "/app/back");
    const first = await tabs.current();
    await tabs.run(() => {
      const channel = new BroadcastChannel("stepup:popup");
      Object.assign(globalThis, { channel, answer: new Promise((resolve) => (channel.onmessage = ({ data }) => resolve(data))) });
      open("/callback.html?code=c&state=popup", "popup");
    });
    assert.equal(await tabs.run("(() => answer)"), "?code=c&state=popup");
    assert.equal(await tabs.current(), first);
    assert.deepEqual(Object.keys(await stored()), [AWAITED]);
  });

  test("a new step-up forgets what was put aside for another", options, async () => {
    await tabs.run((key) => sessionStorage.setItem(key, "?code=old&state=s0"), RESPONSE);
    await returning("await_", "s1", "/app");
    assert.equal(await returning("response"), null);
  });

  suite("where there is no storage", () => {
    test("t66 nothing is awaited, and leaving fails beforehand", options, async () => {
      const end = await tabs.beforehand(() => {
        const get = () => {
          throw new DOMException("no", "SecurityError");
        };
        Object.defineProperty(globalThis, "sessionStorage", { get });
        Object.assign(globalThis, { channels: [] });
        const Channel = BroadcastChannel;
        globalThis.BroadcastChannel = class extends Channel {
          /** @param {string} name */
          constructor(name) {
            super(name);
            /** @type {any} */ (globalThis).channels.push(name);
          }
        };
      });
      try {
        await go("/app?code=c&state=s1");
        assert.equal(await codeOf(returning("await_", "s1", "/app")), "storage_unavailable");
        assert.deepEqual([await returning("awaiting"), await returning("response", "/app")], [null, null]);
        assert.equal(await returning("stopAwaiting"), null);
        await go("/callback.html?code=c&state=s1");
        await tabs.until("(() => channels.length)");
        assert.deepEqual(await tabs.run("(() => channels)"), ["stepup:s1"]);
        assert.equal(await at(), "/callback.html");
      } finally {
        await end();
      }
    });

    test("t66 without room for it, the user is back all the same", options, async () => {
      const fill = () => {
        for (let size = 1 << 23; size >= 1; size >>= 1)
          try {
            sessionStorage.setItem(`fill${size}`, "x".repeat(size));
          } catch {
            // Half of it, then.
          }
      };
      await tabs.run(fill);
      assert.equal(await codeOf(returning("await_", "s1", "/app/back")), "storage_unavailable");
      await tabs.run(() => sessionStorage.clear());
      await returning("await_", "s1", "/app/back");
      await tabs.run(fill);
      await go("/callback.html?code=c&state=s1");
      assert.equal(await cameBack(), "/app/back");
      assert.equal(await returning("response"), null);
      await tabs.run(() => sessionStorage.clear());
    });
  });

  suite("where the app itself is on the redirect URI", () => {
    test("its URL is cleaned, and nothing else of it changed", options, async () => {
      await returning("await_", "s1", "/app/deep");
      await go("/app/?page=1&code=MARKED&state=s1");
      await tabs.run(() => history.replaceState({ own: 1 }, "", location.href));
      const search = "?page=1&code=MARKED&state=s1";
      assert.deepEqual(await returning("response", "/app/?page=1"), { search });
      assert.equal(await at(), "/app/?page=1");
      assert.deepEqual(await tabs.run(() => history.state), { own: 1 });
      await tabs.reload();
      assert.deepEqual(await returning("response", "/app/?page=1"), { search });
      await returning("stopAwaiting");
      await tabs.reload();
      assert.equal(await returning("response", "/app/?page=1"), null);
    });

    test("t26 where nothing is awaited, code and state are the app's own library's", options, async () => {
      await go("/app?code=own&state=own");
      assert.equal(await returning("response", "/app"), null);
      assert.equal(await at(), "/app?code=own&state=own");
    });

    test("t25 another state, or none, is told, stays where it is, and ends nothing", options, async () => {
      await returning("await_", "s1", "/app");
      for (const search of ["?code=c&state=forged", "?code=c&state=forged&state=s1", "?code=c", "?error=access_denied", "?stepup_state=forged"]) {
        await go(`/app${search}`);
        assert.deepEqual(await returning("response", "/app"), { search });
        assert.equal(await at(), `/app${search}`);
        assert.deepEqual(Object.keys(await stored()), [AWAITED]);
      }
    });

    test("a page that is not the redirect URI, or has no answer, is none", options, async () => {
      await returning("await_", "s1", "/app");
      for (const [path, uri] of [
        ["/app?x=1", "/app"],
        ["/app/other?code=c&state=s1", "/app"],
        ["/app?code=c&state=s1", undefined],
        ["/app?code=c&state=s1", "https://elsewhere.test/app"],
      ]) {
        await go(path ?? "");
        assert.equal(await returning("response", uri), null, path);
        assert.equal(await at(), path);
      }
    });
  });
});
