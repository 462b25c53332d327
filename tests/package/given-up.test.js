/** What is given up before the user is back. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs, codeOf } from "./tab.js";

suite("a redirect that is given up", () => {
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

  test("t60 sends nothing, also where the storage does not delete what was saved", options, async () => {
    /** @param {boolean} givenUp */
    const comesBack = (givenUp) => `async () => {
      const { save, forget, takeUp } = await import("/redirect.js");
      const options = { apis: ["/"], issuer: "https://login.example", clientId: "spa", redirectUri: "/blank" };
      await save(options, "s1", Date.now() + 60_000, { core: true }, []);
      IDBObjectStore.prototype.delete = () => { throw new Error("not now"); };
      if (${givenUp}) await forget("s1");
      sessionStorage.setItem("stepup:response", "?code=c1&state=s1");
      return await takeUp(options, async ({ core }) => core);
    }`;
    await tabs.go(`${site.origin}/blank`);
    assert.deepEqual(await tabs.run(comesBack(false)), { core: true });
    await tabs.go(`${site.origin}/blank`);
    assert.equal(await codeOf(tabs.run(comesBack(true))), "pending_expired");
    assert.equal(await tabs.run(() => sessionStorage.getItem("stepup:awaited")), null);
  });

  test("t55 a request that is aborted is found also where it was saved once more", options, async () => {
    await tabs.go(`${site.origin}/blank`);
    const without = await tabs.run(`async () => {
      const { save } = await import("/redirect.js");
      const options = { apis: ["/"], issuer: "https://login.example", clientId: "spa", redirectUri: "/blank" };
      const signals = [0, 1, 2].map(() => new AbortController());
      const [first, second, third] = signals.map(({ signal }, at) => ({
        url: location.origin + "/" + at, replayable: true, init: {}, stepup: {}, sentAt: 0, signal,
      }));
      await save(options, "s1", Date.now() + 60_000, {}, [first, second]);
      await save(options, "s1", Date.now() + 60_000, {}, [second, third]);
      signals[0].abort();
      signals[1].abort();
      return JSON.parse(sessionStorage.getItem("stepup:awaited")).without;
    }`);
    assert.deepEqual(without, [0]);
  });
});
