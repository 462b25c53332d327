// @ts-check
/** Options for a passkey that a challenge carries in its body. */

import { jsonOf } from "./body.js";

/** More than options for a passkey take, in bytes. */
const LONGEST = 65_536;

/**
 * The member `passkey` of the JSON body, if there is one. The caller's copy stays unread. A body that
 * is too long, not JSON, or does not end carries nothing.
 * @param {Response} response
 * @param {import("./index.d.ts").Millis} limit how long the body may take
 * @param {AbortSignal | null} [signal] ends the reading
 * @returns {Promise<any>}
 */
export const carriedBy = async (response, limit, signal) => {
  const ended = new AbortController();
  const end = () => ended.abort();
  const clock = setTimeout(end, limit);
  signal?.addEventListener("abort", end);
  try {
    return (await jsonOf(response.clone(), LONGEST, ended.signal))?.passkey;
  } catch {
    return undefined;
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", end);
  }
};
