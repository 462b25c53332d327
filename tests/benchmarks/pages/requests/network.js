/**
 * The network of the page: one function in the place of `fetch`, which every contender calls, whatever it
 * has taken `fetch` for when it was made. What is behind it is changed between preparing and measuring.
 */

const native = globalThis.fetch.bind(globalThis);

/** What answers now. @type {typeof fetch} */
let current = native;

globalThis.fetch = (input, init) => current(input, init);

/**
 * What a stubbed network answers, always the same: its body is null, so that it can be read again and
 * again, and making it costs nothing that would be counted as anybody's.
 */
const answered = Promise.resolve(new Response(null, { headers: { "content-type": "application/json" } }));

/** The networks that are measured over. @type {Record<string, typeof fetch>} */
export const networks = {
  stubbed: () => answered,
  loopback: native,
};

/** Lets something else answer from now on. @param {typeof fetch} answer */
export const answerBy = (answer) => void (current = answer);
