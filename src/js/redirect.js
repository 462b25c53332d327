// @ts-check
/** Before the page is left: what is saved. When the user is back: what is taken up again. */

import { placesOf } from "./apis.js";
import { StepUpError } from "./error.js";
import { pack, unpack } from "./pending.js";
import { await_, awaiting, response, stopAwaiting } from "./return.js";
import { openStore } from "./store.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 */

/** Bodies that are saved at most, and requests. */
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_REQUESTS = 20;

/**
 * Saves what the core and the requests need to go on. If anything of it cannot be, nothing is.
 * @param {string} state @param {import("./index.d.ts").EpochMillis} until
 * @param {object} core @param {Call[]} calls
 */
export const save = async (state, until, core, calls) => {
  const refuse = (/** @type {string} */ message) => {
    throw new StepUpError("storage_unavailable", { message });
  };
  if (calls.length > MOST_REQUESTS) refuse(`more than ${MOST_REQUESTS} requests wait`);
  let room = MOST_BYTES;
  const packed = [];
  // One after the other, so that no more than there is room for is ever in memory.
  for (const call of calls) {
    const made = await pack(call, room);
    room -= made.body?.byteLength ?? 0;
    packed.push(made);
  }
  const bodies = packed.map(({ body }) => body ?? new ArrayBuffer(0));
  const heads = packed.map(({ head, body }) => ({ head, hasBody: body !== null }));
  await openStore().put(state, { text: JSON.stringify({ core, heads }), parts: bodies }, until);
  try {
    await_(state, location.pathname + location.search + location.hash);
  } catch (error) {
    await openStore().remove(state);
    throw error;
  }
};

/** Nobody is to come back to this. @param {string} state */
export const forget = async (state) => {
  if (awaiting()?.state === state) stopAwaiting();
  await openStore().remove(state);
};

/** Nobody is to come back to anything: logout. */
export const forgetAll = async () => {
  stopAwaiting();
  await openStore().clear();
};

/**
 * What this tab awaits, if the user is back with it. It is taken out of the store before anything is
 * sent: of several pages, or several calls, one gets it.
 * @param {StepUpOptions} options
 */
export const returned = async (options) => {
  const awaited = awaiting();
  const found = awaited && response(options.redirectUri);
  if (!found) return null;
  const query = new URLSearchParams(found.search);
  const { state, returnTo } = awaited;
  if ((query.get("stepup_state") ?? query.get("state")) !== state)
    throw new StepUpError("state_mismatch", { message: "the response is not the awaited one" });
  const stored = await openStore().take(state);
  stopAwaiting();
  if (!stored) throw new StepUpError("pending_expired");
  const { core, heads } = JSON.parse(stored.text);
  const places = placesOf(options);
  /** @type {(Call | { head: import("./pending.js").Head, error: unknown })[]} */
  const calls = heads.map((/** @type {any} */ { head, hasBody }, /** @type {number} */ at) => {
    try {
      return unpack(head, hasBody ? stored.parts[at] : null, places, options.bff?.csrf);
    } catch (error) {
      // Its API is not configured any more. The others go on.
      return { head, error };
    }
  });
  return { core, calls, returnTo, search: found.search };
};
