/** The main entry in a page that Vite bundled. */

import assert from "node:assert/strict";
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { createServer } from "vite";

import { Browser, noBrowser } from "./browser.js";
import { Project, packageFolder } from "./project.js";
import { serve } from "./site.js";

suite("bundled by Vite", () => {
  /** @type {Project} */
  let project;
  before(async () => {
    project = await Project.create("vite");
    await project.command("vite", "build", "--logLevel", "warn");
  });
  after(() => project.remove());

  test("both modules become assets of the app", async () => {
    const assets = await readdir(join(project.folder, "dist", "assets"));
    for (const name of ["stepup_bg", "id_token_bg"]) {
      const found = assets.filter((file) => file.startsWith(name) && file.endsWith(".wasm"));
      assert.equal(found.length, 1, `${name} in ${assets.join(", ")}`);
    }
  });

  suite("in Chromium", () => {
    // On each test, so that each is counted as skipped.
    const options = { skip: noBrowser };
    /** @type {Awaited<ReturnType<typeof serve>>} */
    let site;
    /** @type {Browser} */
    let browser;
    before(async () => {
      if (noBrowser) return;
      const dist = join(project.folder, "dist");
      await cp(join(packageFolder, "stepup_bg.wasm"), join(dist, "given.wasm"));
      site = await serve(dist);
      browser = await Browser.start();
    });
    after(async () => {
      await browser?.close();
      site?.close();
    });

    /** @param {string} source @param {RegExp} fetched */
    async function parsesWith(source, fetched) {
      const text = await browser.textOn(`${site.origin}/?${source}`, "#result");
      assert.equal(text, '[["AL3"]]');
      const requests = site.wasmRequests();
      assert.equal(requests.length, 1, `one module is fetched: ${requests.join(", ")}`);
      assert.match(requests[0] ?? "", fetched);
    }

    test("the module is found beside the bundle by default", options, () =>
      parsesWith("default", /^\/assets\/stepup_bg-.+\.wasm$/));
    test("the exported file can be given as the URL of an asset", options, () =>
      parsesWith("exported", /^\/assets\/stepup_bg-.+\.wasm$/));
    for (const source of ["string", "url", "response", "bytes", "view", "module"]) {
      test(`the wasm option takes a ${source} in place of the default`, options, () =>
        parsesWith(source, /^\/given\.wasm$/));
    }

    test("the development server needs no configuration", options, async () => {
      const { folder } = project;
      const server = await createServer({
        root: folder,
        configFile: false,
        logLevel: "warn",
        server: { host: "127.0.0.1", port: 0 },
      });
      try {
        await server.listen();
        const [address] = server.resolvedUrls?.local ?? [];
        assert.equal(await browser.textOn(`${address}?default`, "#result"), '[["AL3"]]');
      } finally {
        await server.close();
      }
    });
  });
});
