/** The inline variant in a page that esbuild bundled into one classic script. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { Browser, noBrowser } from "./browser.js";
import { Project } from "./project.js";
import { serve } from "./site.js";

suite("bundled by esbuild", () => {
  /** @type {Project} */
  let project;
  before(async () => {
    project = await Project.create("esbuild");
  });
  after(() => project.remove());

  /** @param {string} entry @param {...string} flags */
  const bundle = (entry, ...flags) => project.command("esbuild", entry, "--bundle", "--minify", ...flags);

  test("the inline variant runs as one classic script, without any further file", { skip: noBrowser }, async () => {
    await bundle("main.js", "--format=iife", "--outfile=bundle.js");
    const site = await serve(project.folder);
    const browser = await Browser.start();
    try {
      const text = await browser.textOn(`${site.origin}/`, "#result");
      assert.equal(text, '[["AL3"]]');
      assert.deepEqual(site.wasmRequests(), []);
    } finally {
      await browser.close();
      site.close();
    }
  });

  test("the callback survives bundling, although the rest may be dropped when unused", async () => {
    const callback = await bundle("callback.js", "--format=esm");
    assert.match(callback, /BroadcastChannel/);
    const unused = await bundle("unused.js", "--format=esm");
    assert.equal(unused.trim(), "");
  });
});
