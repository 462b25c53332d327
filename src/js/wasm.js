// @ts-check
/** Where the two wasm modules come from. */

/** @typedef {import("./index.d.ts").WasmSource} WasmSource */
/** @typedef {import("./index.d.ts").StepUpOptions["wasm"]} WasmOption */

/** Beside this file, in a form that bundlers recognise as an asset. */
const DEFAULTS = {
  core: () => new URL("./stepup_bg.wasm", import.meta.url),
  idToken: () => new URL("./id_token_bg.wasm", import.meta.url),
};

/**
 * One source is for the core; an object names either or both.
 * @param {WasmOption} option
 * @param {"core" | "idToken"} part
 */
export const wasmSource = async (option, part) => {
  const named =
    option && typeof option === "object" && ("core" in option || "idToken" in option)
      ? option
      : { core: /** @type {WasmSource | undefined} */ (option), idToken: undefined };
  const source = named[part] ?? DEFAULTS[part]();
  const given = await (typeof source === "function" ? source() : source);
  // A Response can be read once; the one given stays the app's.
  return given instanceof Response ? given.clone() : given;
};

/** The core, once it is sent for: all SDKs of the page share it. @type {Promise<any> | undefined} */
let core;

/**
 * Sends for the core at once, so that it comes while the code around it is being loaded.
 * @param {WasmOption} option
 * @param {import("./call.js").Fetch} [native] the page's own `fetch`, where ours may have taken its place
 */
export const coreOf = (option, native = fetch) => {
  if (core) return core;
  const sent = wasmSource(option, "core").then((source) =>
    typeof source === "string" || source instanceof URL ? native(source) : source,
  );
  // Who waits for it is told.
  sent.catch(() => {
    if (core === sent) core = undefined;
  });
  return (core = sent);
};

/** What has come is of no use: the next time it is sent for again. */
export const forgetCore = () => {
  core = undefined;
};
