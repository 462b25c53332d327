// @ts-check
/** The body of an answer, as far as it is JSON, complete, and no longer than it may be. */

/** More than any server has to say to a step-up, in bytes after decompression. */
export const LONGEST = 1_048_576;

/**
 * Whether the answer says that it is JSON (RFC 6749 §5.1, RFC 8414 §3.2; RFC 7517 §8.5 has
 * `jwk-set+json`). Who says it twice must not contradict themselves.
 * @param {Response} response
 */
const saysJson = ({ headers }) =>
  (headers.get("Content-Type") ?? "")
    .split(",")
    .every((type) => /^\s*[\w.+-]+\/([\w.+-]+\+)?json\s*(;|$)/i.test(type));

/**
 * The JSON of an answer; undefined where it is none, or empty. What is of no use is not loaded.
 * Rejects where the body breaks off, is longer than `longest` bytes, is not UTF-8 (RFC 8259 §8.1), or
 * is not what its type says.
 * @param {Response} response @param {number} [longest] @param {AbortSignal} [signal] ends the reading
 * @returns {Promise<any>}
 */
export const jsonOf = async (response, longest = LONGEST, signal) => {
  const reader = response.body?.getReader();
  const stop = () => void reader?.cancel().catch(() => {});
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    if (!reader || !saysJson(response)) return undefined;
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let text = "";
    for (let length = 0; ; ) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      length += value.length;
      if (length > longest) throw new RangeError(`more than ${longest} bytes`);
      text += decoder.decode(value, { stream: true });
    }
    text += decoder.decode();
    return text ? JSON.parse(text) : undefined;
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
};
