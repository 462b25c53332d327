/**
 * What a page has seen of a step-up by redirect: the page that the user comes back to shows it too.
 * @module
 */
import { EVENTS } from "./rows.js";

/** Where it is on the way. */
const KEPT = "trip";

/**
 * @typedef {import("/stepup/index.js").StepUpEvents} Events
 * @typedef {{ [K in keyof Events]: { type: K, detail: Events[K] } }[keyof Events]} Seen
 */

/**
 * Takes along what is seen from now on, when the page is left.
 * @param {import("/stepup/index.js").StepUp} stepup
 */
export function takeAlong(stepup) {
  /** @type {Seen[]} */
  let seen = [];
  for (const type of EVENTS) {
    stepup.addEventListener(type, ({ detail }) => {
      const { flow } = detail;
      seen = [...seen.filter((one) => one.detail.flow === flow), /** @type {Seen} */ ({ type, detail })];
      if (type !== "prompt" || !("shown" in detail) || detail.shown !== "page") return;
      try {
        sessionStorage.setItem(KEPT, JSON.stringify(seen));
      } catch {
        // No room, or not allowed: then the next page shows what it sees itself.
      }
    });
  }
}

/**
 * What the page before this one has seen, once. Its step-ups have names of their own.
 * @returns {Seen[]}
 */
export function broughtAlong() {
  try {
    /** @type {Seen[]} */
    const seen = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    sessionStorage.removeItem(KEPT);
    return seen.map(({ type, detail }) => /** @type {Seen} */ ({ type, detail: { ...detail, flow: `before ${detail.flow}` } }));
  } catch {
    return [];
  }
}
