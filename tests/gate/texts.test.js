/** What the gate says, in every language. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LANGUAGES } from "./states.js";

/** The package's own module, which has no types here. @type {string} */
const module = new URL("../../src/js/gate-texts.js", import.meta.url).href;
const { english, textsIn } = /** @type {typeof import("../../src/js/gate-texts.js")} */ (
  await import(module)
);

/** All texts by their names. @param {import("../../src/js/index.d.ts").GateTexts} texts */
const flat = ({ errors, ...texts }) => Object.entries({ ...texts, ...errors });

for (const language of LANGUAGES)
  test(`in ${language} every text is there, and is the language's own`, async () => {
    const [texts, found] = await textsIn(language);
    assert.equal(found, language);
    const ours = flat(english);
    assert.deepEqual(flat(texts).map(([name]) => name), ours.map(([name]) => name));
    for (const [index, [name, text]] of flat(texts).entries()) {
      assert.ok(text.trim().length > 1, name);
      if (language !== "en") assert.notEqual(text, ours[index]?.[1], name);
    }
  });

test("a language that is not there is English", async () => {
  for (const language of ["", "xx", "constructor", "__proto__"])
    assert.deepEqual(await textsIn(language), [english, "en"]);
});
