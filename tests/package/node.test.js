/** The package in Node: imported from the tarball, without a browser. */

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { Project } from "./project.js";

const HEADER = 'Bearer error="insufficient_user_authentication", acr_values="AL3"';

suite("in Node", () => {
  /** @type {Project} */
  let project;
  before(async () => {
    project = await Project.create();
  });
  after(() => project.remove());

  /** @param {string} source */
  async function result(source) {
    const header = `const header = ${JSON.stringify(HEADER)};`;
    return JSON.parse(await project.node(`${header}${source}`));
  }

  test("createStepUp constructs without a page", async () => {
    const made = await result(`
      import { createStepUp } from "stepup";
      const stepup = createStepUp({ apis: ["https://api.bank.example", "/"] });
      console.log(JSON.stringify({ fetch: typeof stepup.fetch, document: typeof document }));
    `);
    assert.deepEqual(made, { fetch: "function", document: "undefined" });
  });

  test("an address without anything that it is relative to is for the server's own fetch", async () => {
    const { asked, answers } = await result(`
      import { createStepUp } from "stepup";
      const asked = [];
      globalThis.fetch = async (input) => (asked.push(input), new Response("ours"));
      const stepup = createStepUp({ apis: ["https://api.bank.example"] });
      await stepup.ensure().catch(() => {});
      const answers = [await (await stepup.fetch("/own")).text(), await (await stepup.fetch("own")).text()];
      console.log(JSON.stringify({ asked: asked.filter((url) => String(url).endsWith("own")), answers }));
    `);
    assert.deepEqual({ asked, answers }, { asked: ["/own", "own"], answers: ["ours", "ours"] });
  });

  test("parseChallenges reads a header", async () => {
    const challenges = await result(`
      import { parseChallenges } from "stepup";
      console.log(JSON.stringify(await parseChallenges(header)));
    `);
    assert.equal(challenges.length, 1);
    assert.equal(challenges[0].scheme, "Bearer");
    assert.equal(challenges[0].params.acr_values, "AL3");
    assert.deepEqual(challenges[0].requirement.acrValues, ["AL3"]);
  });

  test("parseChallenges reads Headers and a Response", async () => {
    const requirements = await result(`
      import { parseChallenges } from "stepup";
      const headers = new Headers({ "www-authenticate": header });
      const response = new Response(null, { status: 401, headers });
      const answers = [await parseChallenges(headers), await parseChallenges(response)];
      console.log(JSON.stringify(answers.map(([challenge]) => challenge.requirement.acrValues)));
    `);
    assert.deepEqual(requirements, [["AL3"], ["AL3"]]);
  });

  test("there are no passkeys", async () => {
    for (const variant of ["stepup", "stepup/inline"]) {
      const codes = await result(`
        import { isStepUpError, passkey } from "${variant}";
        const code = (promise) => promise.then(() => "none", (error) => isStepUpError(error) && error.code);
        const ended = AbortSignal.abort("enough");
        console.log(JSON.stringify([
          await code(passkey.get({ challenge: "AQID" })), await code(passkey.create({})),
          await code(passkey.capabilities()),
          await passkey.get({ challenge: "AQID" }, { signal: ended }).catch((reason) => reason),
        ]));
      `);
      assert.deepEqual(codes, [
        "passkey_unavailable", "passkey_unavailable", "passkey_unavailable", "enough",
      ]);
    }
  });

  test("the adapters are an entry of their own, and their errors are the package's", async () => {
    for (const variant of ["stepup", "stepup/inline"]) {
      const answers = await result(`
        import { StepUpError, isStepUpError } from "${variant}";
        import * as adapters from "stepup/adapters";
        const { options, verify, adapter } = adapters.simpleWebAuthn({ options: "/o", verify: "/v" });
        let error;
        try { adapter.tokenResponse({ verified: false }, true); } catch (thrown) { error = thrown; }
        const { nonce, token } = adapters.auth0({ domain: "login.bank.example" });
        console.log(JSON.stringify([
          Object.keys(adapters).sort(), options, verify, nonce, token,
          error.code, isStepUpError(error), error instanceof StepUpError,
        ]));
      `);
      assert.deepEqual(answers, [
        ["auth0", "simpleWebAuthn"], "/o", "/v", false, "https://login.bank.example/oauth/token",
        "token_refused", true, true,
      ]);
    }
  });

  test("ready levels are an entry of their own, and fit the option", async () => {
    const name = await result(`
      import { createStepUp } from "stepup";
      import { nistAal } from "stepup/levels";
      await createStepUp({ apis: [], authenticate: async () => "t", levels: nistAal() }).preload();
      console.log(JSON.stringify(nistAal()[2].name));
    `);
    assert.equal(name, "AAL3");
  });

  test("the inline variant needs no file besides its modules", async () => {
    const requirement = await result(`
      import { parseChallenges } from "stepup/inline";
      const [challenge] = await parseChallenges(header);
      console.log(JSON.stringify(challenge.requirement));
    `);
    assert.deepEqual(requirement.acrValues, ["AL3"]);
  });

  test("the wasm option takes the bytes of the exported file", async () => {
    const requirement = await result(`
      import { readFile } from "node:fs/promises";
      import { parseChallenges } from "stepup";
      const wasm = await readFile(new URL(import.meta.resolve("stepup/stepup_bg.wasm")));
      const [challenge] = await parseChallenges(header, { wasm });
      console.log(JSON.stringify(challenge.requirement));
    `);
    assert.deepEqual(requirement.acrValues, ["AL3"]);
  });

  test("a failed step-up is recognised across copies of the package", async () => {
    const answers = await result(`
      import * as main from "stepup";
      import * as inline from "stepup/inline";
      const error = new main.StepUpError("cancelled");
      const foreign = Object.assign(new Error("no"), { code: "cancelled" });
      console.log(JSON.stringify([error.code, inline.isStepUpError(error), main.isStepUpError(foreign)]));
    `);
    assert.deepEqual(answers, ["cancelled", true, false]);
  });
});
