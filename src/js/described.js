// @ts-check
/** What the metadata of an API says (RFC 9728), where its demand for step-up points to it. */

/** @typedef {import("./call.js").Call} Call */

/** How many of them are kept. */
const MOST = 20;

/**
 * @param {{
 *   client: Pick<import("./stepup.js").Client, "metadata_url" | "described">, enter: <T>(run: () => T) => T,
 *   native: import("./call.js").Fetch, emit: (type: string, detail: object) => void,
 *   diagnose: (code: string, message: string) => void, limit: import("./index.d.ts").Millis,
 *   jsonOf: typeof import("./body.js").jsonOf,
 * }} around it: what the engine has as well is not a file of its own, which would be found only after it
 */
export const describer = ({ client, enter, native, emit, diagnose, limit, jsonOf }) => {
  /** Each that holds is read once per page. @type {Map<string, Promise<object | undefined>>} */
  const known = new Map();

  /** Whoever gives up does not wait for it. @template T @param {Promise<T>} reading @param {AbortSignal | null} [caller] @returns {Promise<T>} */
  const waited = (reading, caller) =>
    new Promise((resolve, reject) => {
      const stop = () => reject(caller?.reason);
      caller?.addEventListener("abort", stop);
      if (caller?.aborted) stop();
      reading.then(resolve, reject).finally(() => caller?.removeEventListener("abort", stop));
    });

  /** @param {string} url @returns {Promise<object | undefined>} */
  const read = async (url) => {
    const began = performance.now();
    const end = new AbortController();
    const clock = setTimeout(() => end.abort(), limit);
    let status = 0;
    const answer = async () => {
      const headers = { Accept: "application/json" };
      const init = { headers, credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", signal: end.signal };
      const response = await native(url, /** @type {RequestInit} */ (init));
      ({ status } = response);
      return response.ok ? jsonOf(response, undefined, end.signal) : undefined;
    };
    try {
      // The limit holds also where something in the page does not hear the signal.
      const json = await waited(answer(), end.signal);
      if (!json || typeof json !== "object") return undefined;
      const { resource, authorization_servers } = json;
      return { resource, authorization_servers };
    } catch {
      return undefined;
    } finally {
      clearTimeout(clock);
      const duration = performance.now() - began;
      emit("request", { target: "resource_metadata", method: "GET", url: url.replace(/[?#].*/s, ""), status, duration });
    }
  };

  /**
   * Rejects with `resource_mismatch` where the step-up must not go on. Metadata that cannot be read says
   * nothing: whoever keeps it away could as well not have pointed to it.
   * @param {Call} call @param {string} header
   */
  return async ({ url, signal }, header) => {
    const at = enter(() => client.metadata_url(url, header));
    if (at === undefined) return;
    const reading = known.get(at) ?? read(at);
    // An API that names another place each time gets no room for them all.
    if (known.size >= MOST) known.clear();
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
