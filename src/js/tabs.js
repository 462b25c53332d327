// @ts-check
/**
 * This page among the tabs of its app: they take turns to ask the user, hand over what they obtain to
 * those that wait, and all forget when one does.
 */

import { absence } from "./away.js";
import { post } from "./channel.js";
import { nameOf } from "./name.js";
import { takeTurn, waitersOf } from "./turn.js";

/** In the place of a time, and as long as one; another one each time. */
const never = () => `${Math.random()}00000000000`.slice(0, 13);

/** How long a result is there for those that wait, in milliseconds. */
const HANDED = 30_000;

/**
 * @param {import("./index.d.ts").StepUpOptions} options
 * @param {number} me which of all SDKs this is
 * @param {(sub: string | undefined) => void} onCleared all is over in another tab; who is signed in there
 */
export const joinTabs = (options, me, onCleared) => {
  const name = nameOf(options);
  const result = `${name} result`;
  const away = absence(name);
  /** @type {import("./turn.js").Turn | undefined} */
  let turn;
  /** @type {(handed: object) => void} */
  let take = () => {};
  /** What is on its way to those that wait: the turn passes on after it. */
  let handing = Promise.resolve();
  /** The end of the turn before: the next one is asked for after it. */
  let before = Promise.resolve();
  /** Whether this page is on its way to the provider. */
  let leaving = false;
  /** What is stored under a name; nothing where nothing can be. @param {string} key */
  const stored = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const written = (/** @type {string} */ key) => Number(stored(key));
  /** When all was over the last time, by a logout, which `clear()` writes down under the name alone, or with another user; 0 where that was never, or cannot be known. */
  const clearedAt = () => Math.max(written(name), written(`${name} changed`));
  /** The logouts that were heard of: each is both written down and told, and that may come late. */
  const heard = new Set([written(name)]);
  /** @param {number} at @param {string} [who] is signed in from then on */
  const over = (at, who) => {
    if (who === undefined) {
      if (heard.has(at)) return;
      heard.add(at);
    }
    withdraw();
    onCleared(who);
  };

  const store = async () => (await import("./store.js")).openStore();

  /** That there is a result, for whichever page of the app is there to delete it. @param {"setItem" | "getItem" | "removeItem"} what */
  const mark = (what) => {
    try {
      return localStorage[what](result, `${Date.now()}`);
    } catch {
      return null;
    }
  };

  /** Deletes what is there for those that wait, and what is on its way to them. */
  const withdraw = async () => {
    await handing;
    if (mark("getItem") === null) return;
    await (await store()).remove(result);
    mark("removeItem");
  };

  /** Deletes it once it is expired: by then there may be another one. */
  const tidy = async () => {
    await (await store()).sweep();
    if (Number(mark("getItem")) + HANDED <= Date.now()) mark("removeItem");
  };

  /** @param {object} value */
  const deliver = async (value) => {
    const { held = [] } = await navigator.locks.query();
    if (!held.some((lock) => lock.name === waitersOf(name))) return;
    const { put } = await store();
    mark("setItem");
    await put(result, { text: JSON.stringify(value), parts: [] }, Date.now() + HANDED);
    channel?.postMessage({ from: me, handed: true });
    setTimeout(tidy, HANDED + 100);
  };

  /** What another tab has left for those that wait. */
  const look = async () => {
    const awaits = turn;
    const found = await store()
      .then(({ read }) => read(result))
      .catch(() => undefined);
    if (!found || turn !== awaits) return;
    const value = JSON.parse(found.text);
    // A storage that refuses to delete it does not bring back what was before a logout.
    if (value.received > clearedAt()) take(value);
  };

  /** @type {BroadcastChannel | undefined} */
  let channel;
  const listen = () => {
    if (!globalThis.BroadcastChannel) return;
    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => {
      // Any script of this origin may say anything here.
      const { from, cleared, handed, sub } = /** @type {Partial<import("./channel.js").Message>} */ (data ?? {});
      if (from === me) return;
      if (cleared) over(cleared, typeof sub === "string" ? sub : undefined);
      if (handed && turn) look();
    };
    // In Node, nobody is kept waiting for other tabs.
    /** @type {any} */ (channel).unref?.();
  };
  listen();
  // Where a page is left in its logout, nothing else is heard of that.
  globalThis.addEventListener?.("storage", ({ key, newValue }) => {
    if (key === name && Number(newValue) >= 1) over(Number(newValue));
  });
  // A storage that is full later on has room to write over this.
  try {
    if (localStorage.getItem(name) === null) localStorage.setItem(name, never());
  } catch {
    // Then a logout is told only.
  }
  // A page that left one may have died before it was expired.
  if (Number(mark("getItem") ?? Infinity) + HANDED <= Date.now()) tidy();
  // An open channel can keep a page out of the browser's cache, and hears nothing there.
  let left = 0;
  /** @type {string | null} */
  let last = null;
  globalThis.addEventListener?.("pagehide", () => {
    left = Date.now();
    last = stored(name);
    channel?.close();
  });
  globalThis.addEventListener?.("pageshow", ({ persisted }) => {
    if (!persisted) return;
    listen();
    // Also where the app has deleted all that was stored, as many do at a logout.
    if (stored(name) === last && written(`${name} changed`) < left) return;
    heard.add(written(name));
    onCleared(undefined);
  });

  return {
    /**
     * Asks for the turn, which lasts until `end()`.
     * @param {number} patience in milliseconds
     * @param {(what: string, handed?: object) => void} tell `taken`, `awaited`, `overdue`, or `handed`
     */
    take: (patience, tell) => {
      take = (handed) => tell("handed", handed);
      turn = takeTurn(name, away, tell, look, patience, before);
    },
    /** The user goes on in this tab. */
    force: () => turn?.force(),
    /** Leaves a result for those that wait, if somebody does. @param {object} value */
    handOver: (value) => {
      // Who cannot be given it asks in turn.
      handing = deliver(value).catch(() => {});
    },
    /** The user leaves this tab for the provider. @param {number} until when they count as gone for good */
    leave: (until) => {
      leaving = true;
      away.begin(until);
      // A page that holds a lock is kept out of the browser's cache.
      turn?.end();
    },
    /** The user is here again: whatever goes on in this page goes on, and may be on its way out. */
    back: () => {
      if (!leaving) away.end();
    },
    /** The step-up is over, here or with the user being back. */
    end: () => {
      const mine = turn;
      mine?.mute();
      turn = undefined;
      // What is handed over in this very moment goes first.
      before = Promise.resolve()
        .then(() => handing)
        .then(() => {
          leaving = false;
          away.end();
          mine?.end();
        });
    },
    /** Another user has signed in. @param {string | undefined} sub */
    tellCleared: (sub) => {
      const cleared = Date.now();
      try {
        // Not as a logout: who reads that knows nothing of the user.
        localStorage.setItem(`${name} changed`, `${cleared}`);
      } catch {
        // Then a page that is frozen does not learn of it.
      }
      post(name, { from: me, cleared, sub });
    },
    withdraw,
  };
};
