/** What is in the tarball. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { pack, packageFolder } from "./project.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** @param {import("node:test").TestContext} context */
async function packed(context) {
  const folder = await mkdtemp(join(tmpdir(), "stepup-tarball-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return pack(folder);
}

test("the tarball has every built file and nothing else", async (context) => {
  const { files } = await packed(context);
  const built = await readdir(packageFolder, { recursive: true });
  assert.deepEqual(files.sort(), built.sort());
});

test("the tarball has the licences, the types and both modules", async (context) => {
  const { files } = await packed(context);
  for (const name of [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "adapters.d.ts",
    "adapters.js",
    "callback.html",
    "callback.js",
    "carried.js",
    "clicks.js",
    "described.js",
    "dpop.js",
    "early.js",
    "endpoints.js",
    "error.js",
    "gate-texts-ar.js",
    "gate-texts.js",
    "gate.js",
    "id_token.js",
    "id_token_bg.wasm",
    "index.d.ts",
    "index.js",
    "inline.js",
    "levels.d.ts",
    "levels.js",
    "loader.js",
    "methods.js",
    "node.js",
    "package.json",
    "passkey.js",
    "peek.js",
    "pending.js",
    "plain.js",
    "redirect.js",
    "renewal-lock.js",
    "return.js",
    "rules.js",
    "store.js",
    "stepup.js",
    "stepup_bg.wasm",
    "urlpattern.js",
    "warm.js",
    "wasm.js",
  ]) {
    assert.ok(files.includes(name), name);
  }
});

test("what others have written keeps their notice, and no other package is needed", async () => {
  const copy = await readFile(join(packageFolder, "urlpattern.js"), "utf8");
  assert.match(copy, /^\/\*!\nurlpattern-polyfill\n\nCopyright 2020 Intel Corporation\n[^]*THE SOFTWARE IS PROVIDED "AS IS"/);
  const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) assert.equal(manifest[kind], undefined);
});

test("the version is the crate's, and types come first under every condition", async () => {
  const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  const crate = await readFile(join(repository, "Cargo.toml"), "utf8");
  const version = /^\[workspace\.package\]\nversion = "(.+)"$/m.exec(crate)?.[1];
  assert.equal(manifest.version, version);
  const conditional = Object.entries(manifest.exports).filter(([, to]) => typeof to === "object");
  assert.ok(conditional.length > 0);
  for (const [name, conditions] of conditional) {
    assert.equal(Object.keys(conditions)[0], "types", name);
  }
});

test("no file names a folder of the machine that built it", async () => {
  for (const name of await readdir(packageFolder)) {
    const text = await readFile(join(packageFolder, name), "latin1");
    for (const folder of [homedir(), repository]) {
      assert.ok(!text.includes(folder), `${name} names ${folder}`);
    }
  }
});

test("every link of the package's README leads to a file of the package, or to another place", async () => {
  const text = await readFile(join(packageFolder, "README.md"), "utf8");
  const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = ""]) => target);
  assert.ok(links.length > 0);
  for (const link of links) if (!/^https:/.test(link)) await readFile(join(packageFolder, link));
});
