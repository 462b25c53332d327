import { createStepUp, parseChallenges } from "stepup";
import exported from "stepup/stepup_bg.wasm?url";

const GIVEN = "/given.wasm";

/** What the `wasm` option may be; the page's query says which one to use. */
const sources = {
  default: async () => undefined,
  exported: async () => exported,
  string: async () => GIVEN,
  url: async () => new URL(GIVEN, location.href),
  response: async () => fetch(GIVEN),
  bytes: async () => (await fetch(GIVEN)).arrayBuffer(),
  view: async () => new Uint8Array(await (await fetch(GIVEN)).arrayBuffer()),
  module: async () => WebAssembly.compileStreaming(fetch(GIVEN)),
};

const result = document.querySelector("#result");
try {
  createStepUp({ apis: ["/"] });
  const wasm = await sources[location.search.slice(1)]();
  const header = 'Bearer error="insufficient_user_authentication", acr_values="AL3"';
  const challenges = await parseChallenges(header, wasm === undefined ? {} : { wasm });
  result.textContent = JSON.stringify(challenges.map(({ requirement }) => requirement.acrValues));
} catch (error) {
  result.textContent = `${error} ${error.cause ?? ""}`;
}
