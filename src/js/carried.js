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
  const reader = response.clone().body?.getReader();
  let stopped = false;
  const stop = () => {
    stopped = true;
    reader?.cancel().catch(() => {});
  };
  const clock = setTimeout(stop, limit);
  signal?.addEventListener("abort", stop);
  try {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) break;
      text += decoder.decode(value, { stream: true });
      if (text.length > LONGEST) return undefined;
    }
    return stopped ? undefined : JSON.parse(text)?.passkey;
  } catch {
    return undefined;
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", stop);
    stop();
  }
};
