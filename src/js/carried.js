// @ts-check
/** Options for a passkey that a challenge carries in its body. */

/** More than any server has to say. */
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
  if (!/\bjson\b/i.test(response.headers.get("Content-Type") ?? "")) return undefined;
  /** @type {(nothing?: undefined) => void} */
  let stop = () => {};
  const stopped = new Promise((resolve) => {
    stop = resolve;
  });
  const clock = setTimeout(stop, limit);
  const onAbort = () => stop();
  signal?.addEventListener("abort", onAbort);
  try {
    const text = await Promise.race([stopped, response.clone().text()]);
    return text && text.length <= LONGEST ? JSON.parse(text)?.passkey : undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", onAbort);
  }
};
