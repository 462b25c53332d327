// @ts-check
/** What is in the package, as far as its text tells. */

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { packageFolder } from "./project.js";

test("t41 nothing in the package makes a frame: servers refuse to be in one", async () => {
  const scripts = (await readdir(packageFolder)).filter((name) => /\.(js|html)$/.test(name));
  assert.ok(scripts.length > 20);
  for (const name of scripts) {
    if (/inline/.test(name)) continue;
    const text = await readFile(join(packageFolder, name), "utf8");
    assert.doesNotMatch(text, /createElement\(["'`]i?frame|<iframe|<frame/i, name);
  }
});
