/** In a page that esbuild bundled, which copies no assets. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
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

  test("the callback survives bundling, although the rest is dropped when unused", async () => {
    assert.match(await bundle("callback.js", "--format=esm"), /BroadcastChannel/);
    assert.equal((await bundle("unused.js", "--format=esm")).trim(), "");
  });

  test("what a challenge waits for is all found at once: nothing of the engine lies in a further file", async () => {
    await bundle("hosted.js", "--format=esm", "--splitting", "--outdir=split", "--metafile=split.json");
    /** @type {{ outputs: Record<string, { inputs: object, imports: { path: string, kind: string }[] }> }} */
    const { outputs } = JSON.parse(await readFile(join(project.folder, "split.json"), "utf8"));
    /** What comes with the file that a module of ours is in. @param {string} name */
    const comesWith = (name) => {
      const files = Object.entries(outputs).find(([, { inputs }]) => Object.keys(inputs).some((input) => input.endsWith(`/${name}`)));
      assert.ok(files, name);
      const imported = files[1].imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path);
      return [files[0], ...imported];
    };
    const there = [...comesWith("index.js"), ...comesWith("loader.js")];
    assert.deepEqual(comesWith("engine.js").slice(1).filter((file) => !there.includes(file)), []);
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
      site = await serve(project.folder);
      browser = await Browser.start();
    });
    after(async () => {
      await browser?.close();
      site?.close();
    });

    test("the inline variant runs as one classic script, without any further file", options, async () => {
      await bundle("main.js", "--format=iife", "--outfile=bundle.js");
      assert.equal(await browser.textOn(`${site.origin}/`, "#result"), '[["AL3"]]');
      assert.deepEqual(site.wasmRequests(), []);
    });

    test("the main entry runs when it is told where the app serves the file", options, async () => {
      await bundle("hosted.js", "--format=esm", "--outfile=hosted.bundle.js");
      assert.equal(await browser.textOn(`${site.origin}/hosted.html`, "#result"), '[["AL3"]]');
      assert.deepEqual(site.wasmRequests(), ["/node_modules/stepup/stepup_bg.wasm"]);
    });
  });
});
