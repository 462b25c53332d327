// @ts-check
/** The same API for Node, which reads the wasm from disk. */

import { readFile } from "node:fs/promises";
import { createStepUp as create, parseChallenges as parse, passkey as ceremonies } from "./index.js";

export { StepUpError, isStepUpError } from "./error.js";

const wasm = {
  core: () => readFile(new URL("./stepup_bg.wasm", import.meta.url)),
  idToken: () => readFile(new URL("./id_token_bg.wasm", import.meta.url)),
};

/** @type {typeof import("./index.d.ts").createStepUp} */
export const createStepUp = (options) => create({ wasm, ...options });

/** @type {typeof import("./index.d.ts").parseChallenges} */
export const parseChallenges = (input, options) =>
  parse(input, { wasm: wasm.core, ...options });

/** @type {typeof import("./index.d.ts").passkey} */
export const passkey = {
  ...ceremonies,
  get: (options, settings) => ceremonies.get(options, { wasm: wasm.core, ...settings }),
  create: (options, settings) => ceremonies.create(options, { wasm: wasm.core, ...settings }),
};
