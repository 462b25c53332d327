// @ts-check
/** Before the page is left: what is saved. When the user is back: what is taken up again. */

import { placesOf } from "./apis.js";
import { StepUpError } from "./error.js";
import { nameOf } from "./name.js";
import { pack, unpack } from "./pending.js";
import { await_, awaiting, awaitWithout, giveUp, here, response, stopAwaiting, taking } from "./return.js";
import { openStore } from "./store.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 * @typedef {import("./index.d.ts").Resumed} Resumed
 * @typedef {Call | { head: import("./pending.js").Head, error: unknown } | undefined} Kept a request that
 *   is back; one whose API is not there any more; nothing for one that was aborted
 * @typedef {{ core: object, calls: Kept[], returnTo: string, search: string, until: number }} Back
 */

/** Bodies that are saved at most, and requests. */
const MOST_BYTES = 10 * 1024 * 1024;
const MOST_REQUESTS = 20;

/** What is being saved at this moment, as long as somebody wants it. @type {Set<string>} */
const saving = new Set();

/** What this page has saved last under a state. @type {Map<string, (Call | undefined)[]>} */
const kept = new Map();

/** What this page takes up, by its state: the SDKs of one page share it. @type {Map<string, Promise<Resumed | null>>} */
const underWay = new Map();

/**
 * Saves what the core and the requests need to go on. If anything of it cannot be, nothing is.
 * @param {StepUpOptions} options
 * @param {string} state @param {import("./index.d.ts").EpochMillis} until
 * @param {object} core @param {(Call | undefined)[]} calls in the core's order; nothing for one that was aborted
 */
export const save = async (options, state, until, core, calls) => {
  const refuse = (/** @type {string} */ message) => {
    throw new StepUpError("storage_unavailable", { message });
  };
  if (calls.length > MOST_REQUESTS) refuse(`more than ${MOST_REQUESTS} requests wait`);
  saving.add(state);
  const { put, remove } = openStore();
  try {
    let room = MOST_BYTES;
    const heads = [];
    const parts = [];
    // One after the other, so that no more than there is room for is ever in memory.
    for (const call of calls) {
      const { head, body } = call ? await pack(call, room) : { head: null, body: null };
      room -= body?.byteLength ?? 0;
      heads.push({ head, hasBody: body !== null });
      parts.push(body ?? new ArrayBuffer(0));
    }
    await put(state, { text: JSON.stringify({ core, heads }), parts }, until);
    // A logout meanwhile has found nothing to delete yet.
    if (!saving.has(state)) throw new StepUpError("aborted");
    const before = awaiting()?.state;
    const without = calls.flatMap((call, at) => (call?.signal?.aborted ? at : []));
    await_(state, here(), { name: nameOf(options), until, without });
    // As long as the page is there, its requests can be given up.
    for (const call of calls) if (!kept.get(state)?.includes(call)) onAbort(state, call);
    kept.set(state, calls);
    // Nobody can come back to that any more.
    if (before && before !== state) await remove(before);
  } catch (error) {
    await remove(state);
    throw error;
  } finally {
    saving.delete(state);
  }
};

/** It may have been saved once more, at another place. @param {string} state @param {Call | undefined} call */
const onAbort = (state, call) =>
  call?.signal?.addEventListener("abort", () => {
    const at = kept.get(state)?.indexOf(call) ?? -1;
    if (at >= 0) awaitWithout(state, at);
  });

/** It is given up. Who comes back all the same finds the way, and nothing there. @param {string} state */
export const forget = async (state) => {
  saving.delete(state);
  giveUp(state);
  await openStore().remove(state);
};

/** Nobody is to come back to anything, and nobody is away: logout. @param {StepUpOptions} options */
export const forgetAll = async (options) => {
  saving.clear();
  stopAwaiting();
  // Written down by `away.js`, which comes with the engine: a logout does not load that.
  for (const where of ["sessionStorage", "localStorage"])
    try {
      /** @type {any} */ (globalThis)[where].removeItem(`${nameOf(options)} away`);
    } catch {
      // Storage that is refused holds nothing.
    }
  await openStore().clear();
};

/** What is expired is not to lie there until the next redirect. */
export const sweep = () => openStore().sweep();

/**
 * Takes up what this tab awaits, if the user is back with it, and null if not. It is taken out of the
 * store before anything is sent: of several pages, or several calls, one gets it.
 * @param {StepUpOptions} options
 * @param {(back: Back) => Promise<Resumed>} goOn
 */
export const takeUp = (options, goOn) => {
  const awaited = awaiting();
  // Another SDK of this page, with another provider, may be who awaits it.
  if (!awaited || (awaited.name ?? nameOf(options)) !== nameOf(options)) return null;
  const { state, until = Infinity } = awaited;
  const found = response(options.redirectUri);
  if (!found) {
    if (until <= Date.now()) stopAwaiting();
    return null;
  }
  const query = new URLSearchParams(found.search);
  if ((query.get("stepup_state") ?? query.get("state")) !== state)
    throw new StepUpError("state_mismatch", { message: "the response is not the awaited one" });
  if (awaited.givenUp) {
    stopAwaiting();
    throw new StepUpError("pending_expired");
  }
  const going = underWay.get(state) ?? take(options, awaited, found.search, goOn);
  underWay.set(state, going);
  return going;
};

/**
 * @param {StepUpOptions} options @param {import("./return.js").Awaited} awaited @param {string} search
 * @param {(back: Back) => Promise<Resumed>} goOn
 */
const take = async (options, { state, returnTo, without, until = Infinity }, search, goOn) => {
  const died = taking(state);
  const end = () => {
    underWay.delete(state);
    // Meanwhile the page may be on its way out again.
    if (awaiting()?.state === state) stopAwaiting();
  };
  const stored = await openStore()
    .take(state)
    .catch((error) => {
      // It may still be there, and can be asked for again.
      underWay.delete(state);
      throw error;
    });
  try {
    if (stored === "taken") {
      if (died) throw new StepUpError("interrupted", { message: "the page that took up the requests was left" });
      return null;
    }
    if (!stored) throw new StepUpError("pending_expired");
    const { core, heads } = JSON.parse(stored.text);
    const places = placesOf(options);
    /** @type {Kept[]} */
    const calls = heads.map((/** @type {any} */ { head, hasBody }, /** @type {number} */ at) => {
      if (!head || without?.includes(at)) return undefined;
      try {
        return unpack(head, hasBody ? stored.parts[at] : null, places, options.bff?.csrf);
      } catch (error) {
        // Its API is not configured any more. The others go on.
        return { head, error };
      }
    });
    return await goOn({ core, calls, returnTo, search, until });
  } finally {
    end();
  }
};
