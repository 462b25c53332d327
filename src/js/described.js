// @ts-check
/** What the metadata of an API says (RFC 9728), where its demand for step-up points to it. */

import { LONGEST, jsonOf } from "./body.js";

/** @typedef {import("./call.js").Call} Call */

/**
 * @param {{
 *   client: Pick<import("./stepup.js").Client, "metadata_url" | "described">, enter: <T>(run: () => T) => T,
 *   native: import("./call.js").Fetch, emit: (type: string, detail: object) => void,
 *   diagnose: (code: string, message: string) => void, limit: import("./index.d.ts").Millis,
 * }} around
 */
export const describer = ({ client, enter, native, emit, diagnose, limit }) => {
  /** Each that holds is read once per page. @type {Map<string, Promise<object | undefined>>} */
  const known = new Map();

  /** @param {string} url @returns {Promise<object | undefined>} */
  const read = async (url) => {
    const began = performance.now();
    const end = new AbortController();
    const clock = setTimeout(() => end.abort(), limit);
    let status = 0;
    try {
      const headers = { Accept: "application/json" };
      const init = { headers, credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", signal: end.signal };
      const response = await native(url, /** @type {RequestInit} */ (init));
      ({ status } = response);
      const json = response.ok ? await jsonOf(response, LONGEST, end.signal) : undefined;
      return json && typeof json === "object" ? json : undefined;
    } catch {
      return undefined;
    } finally {
      clearTimeout(clock);
      const duration = performance.now() - began;
      emit("request", { target: "resource_metadata", method: "GET", url: url.replace(/[?#].*/s, ""), status, duration });
    }
  };

  /** Whoever gives up does not wait for it. @template T @param {Promise<T>} reading @param {AbortSignal | null} [caller] @returns {Promise<T>} */
  const waited = (reading, caller) =>
    new Promise((resolve, reject) => {
      const stop = () => reject(caller?.reason);
      caller?.addEventListener("abort", stop);
      if (caller?.aborted) stop();
      reading.then(resolve, reject).finally(() => caller?.removeEventListener("abort", stop));
    });

  /**
   * Rejects with `resource_mismatch` where the step-up must not go on. Metadata that cannot be read says
   * nothing: whoever keeps it away could as well not have pointed to it.
   * @param {Call} call @param {string} header
   */
  return async ({ url, signal }, header) => {
    const at = enter(() => client.metadata_url(url, header));
    if (at === undefined) return;
    const reading = known.get(at) ?? read(at);
    known.set(at, reading);
    const metadata = await waited(reading, signal);
    if (!metadata) {
      known.delete(at);
      diagnose("resource_metadata_unreadable", `the metadata at ${at.replace(/[?#].*/s, "")} cannot be read`);
      return;
    }
    try {
      enter(() => client.described(url, metadata));
    } catch (error) {
      // It may be mended by the next time.
      known.delete(at);
      throw error;
    }
  };
};
