// @ts-check
/** The same API with the wasm as text inside, for bundlers that do not copy assets. */

import { createStepUp as create, parseChallenges as parse, passkey as ceremonies } from "./index.js";

export { StepUpError, isStepUpError } from "./error.js";

const bytes = (/** @type {{ default: string }} */ { default: base64 }) =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

const wasm = {
  core: () => import("./stepup_wasm_inline.js").then(bytes),
  idToken: () => import("./id_token_wasm_inline.js").then(bytes),
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
