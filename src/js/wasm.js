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
