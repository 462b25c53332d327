// @ts-check
/** Passkeys alone: a ceremony without a step-up around it, and what the browser can do. */

import { StepUpError } from "./error.js";
import { coreOf } from "./wasm.js";

/**
 * @typedef {import("./index.d.ts").PasskeySettings} PasskeySettings
 * @typedef {import("./index.d.ts").PasskeyCapabilities} PasskeyCapabilities
 */

/** What asks the browser about its passkeys (WebAuthn Level 3 §5.1). @returns {any} */
const webAuthn = () => {
  const { isSecureContext, PublicKeyCredential } = globalThis;
  if (isSecureContext === false)
    throw new StepUpError("configuration_invalid", { message: "not a secure context" });
  if (!PublicKeyCredential)
    throw new StepUpError("passkey_unavailable", { message: "there is no WebAuthn here" });
  return PublicKeyCredential;
};

/** @param {PasskeySettings["wasm"]} wasm */
const load = async (wasm) => {
  try {
    coreOf(wasm);
    const engine = await import("./engine.js");
    await engine.instantiate(wasm);
    return engine;
  } catch (cause) {
    throw new StepUpError("wasm_unavailable", { cause });
  }
};

/**
 * Holds a ceremony. It ends as soon as the caller's signal fires, whatever is being waited for, and
 * when the wasm dies; the browser's dialog ends with it.
 * @param {boolean} create @param {unknown} options @param {PasskeySettings} [settings]
 * @returns {Promise<any>}
 */
const hold = async (create, options, { signal, mediation, beforeCeremony, wasm } = {}) => {
  signal?.throwIfAborted();
  webAuthn();
  const own = new AbortController();
  /** @type {(reason: unknown) => void} */
  let end = () => {};
  const ended = new Promise((_, reject) => {
    end = reject;
  });
  const die = (/** @type {unknown} */ cause) => end(new StepUpError("instance_dead", { cause }));
  const run = async () => {
    const { enter, onDeath, passkey_ceremony } = await load(wasm);
    onDeath.add(die);
    try {
      return await enter(() =>
        passkey_ceremony(create, options, own.signal, mediation, beforeCeremony),
      );
    } catch (/** @type {any} */ error) {
      if (!error || error instanceof Error) throw error;
      const { code, detail, cause } = error;
      throw new StepUpError(code, { message: detail, cause });
    } finally {
      onDeath.delete(die);
    }
  };
  signal?.addEventListener("abort", () => end(signal.reason), { signal: own.signal });
  try {
    return await Promise.race([ended, run()]);
  } finally {
    // Takes the listener away, and the browser's dialog where it is still there.
    own.abort();
  }
};

/** @type {typeof import("./index.d.ts").passkey.get} */
export const get = (options, settings) => hold(false, options, settings);

/** @type {typeof import("./index.d.ts").passkey.create} */
export const create = (options, settings) => hold(true, options, settings);

/** What was asked one by one before there was `getClientCapabilities` (WebAuthn Level 3 §5.1.7). */
const FORMERLY = [
  ["conditionalGet", "isConditionalMediationAvailable"],
  ["userVerifyingPlatformAuthenticator", "isUserVerifyingPlatformAuthenticatorAvailable"],
];

/** @type {typeof import("./index.d.ts").passkey.capabilities} */
export const capabilities = async () => {
  const api = webAuthn();
  const ask = async (/** @type {string} */ method) => {
    try {
      return await api[method]?.();
    } catch {
      // What cannot be learned is not known.
    }
  };
  if (api.getClientCapabilities) return { ...(await ask("getClientCapabilities")) };
  const answers = await Promise.all(FORMERLY.map(([, method]) => ask(method)));
  /** @type {[string, unknown][]} */
  const pairs = FORMERLY.map(([name], at) => [name, answers[at]]);
  return Object.fromEntries(pairs.filter(([, answer]) => typeof answer === "boolean"));
};
