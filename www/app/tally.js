/**
 * How many requests each confirmed transfer took, as the page sees them, arrangement by arrangement.
 * @module
 */
import { COMPARED } from "./arrangements.js";

/** Under this mark a request is counted. */
export const TAG = "transfer";
/** Where the counts outlive a change of arrangement, which loads the page anew. */
const KEPT = "requests";

/**
 * @typedef {object} Count requests by what they are for
 * @property {number} challenged the transfer, refused
 * @property {number} options for the passkey
 * @property {number} proof the assertion, or a code, traded
 * @property {number} again the transfer, repeated
 * @property {number} other metadata and keys, which are read once, and a request that is pushed
 */

/**
 * @typedef {object} Entry
 * @property {string} request by which it is known; empty for one of the page that was left
 * @property {Count} count
 */

/** @type {Record<import("/stepup/index.js").StepUpEvents["request"]["target"], keyof Count>} */
const columns = {
  passkey_options: "options", authorization_challenge: "options", passkey_token: "proof", token: "proof", api: "again",
  metadata: "other", jwks: "other", pushed_authorization: "other", resource_metadata: "other",
};

export class Tally {
  #body;
  #arrangement;
  /** @type {Map<string, Entry>} by flow */
  #open = new Map();
  /** What the page that was left has counted. @type {Entry | undefined} */
  #away;

  /**
   * @param {HTMLElement} body of the table
   * @param {string} arrangement
   */
  constructor(body, arrangement) {
    this.#body = body;
    this.#arrangement = arrangement;
    this.#draw();
  }

  /** @param {import("/stepup/index.js").StepUp} stepup */
  follow(stepup) {
    stepup.addEventListener("challenge", ({ detail }) => this.#challenged(detail));
    stepup.addEventListener("request", ({ detail }) => this.#requested(detail));
    stepup.addEventListener("settled", ({ detail: { flow, request, tag, status } }) => {
      const entry = this.#open.get(flow);
      if (entry?.request !== request && !(entry?.request === "" && tag === TAG)) return;
      this.#open.delete(flow);
      if (status === 201) this.#keep(entry.count);
    });
  }

  /**
   * Goes on counting from where the page that was left has ended: its step-up is the first one here.
   * @param {import("./trip.js").Seen[]} seen
   */
  goOn(seen) {
    for (const { type, detail } of seen) {
      if (type === "challenge") this.#challenged(detail);
      if (type === "request") this.#requested(detail);
    }
    const [entry] = this.#open.values();
    this.#open.clear();
    // By another name: that of the page before is somebody else's here.
    if (entry) this.#away = { ...entry, request: "" };
  }

  /** @param {import("/stepup/index.js").StepUpEvents["challenge"]} event */
  #challenged({ tag, flow, request }) {
    if (tag !== TAG || this.#open.has(flow)) return;
    this.#open.set(flow, { request, count: { challenged: 1, options: 0, proof: 0, again: 0, other: 0 } });
  }

  /** @param {import("/stepup/index.js").StepUpEvents["request"]} event */
  #requested({ flow, target }) {
    if (this.#away) this.#open.set(flow, this.#away);
    this.#away = undefined;
    const entry = this.#open.get(flow);
    if (entry) entry.count[columns[target]] += 1;
  }

  /** @param {Count} count */
  #keep(count) {
    const kept = JSON.stringify({ ...read(), [this.#arrangement]: count });
    try {
      sessionStorage.setItem(KEPT, kept);
    } catch {
      // No room, or not allowed: then the table holds what this page has seen.
    }
    this.#draw(JSON.parse(kept));
  }

  /** @param {Partial<Record<string, Count>>} [counts] */
  #draw(counts = read()) {
    for (const name of COMPARED) {
      const row = this.#body.querySelector(`tr[data-arrangement="${name}"]`);
      if (!(row instanceof HTMLElement)) continue;
      if (name === this.#arrangement) row.ariaCurrent = "true";
      const count = counts[name];
      const all = count && Object.values(count).reduce((sum, one) => sum + one, 0);
      for (const cell of row.querySelectorAll("td")) {
        const column = cell.dataset.count ?? "";
        cell.textContent = String(column === "all" ? all ?? "–" : count?.[/** @type {keyof Count} */ (column)] ?? "–");
      }
    }
  }
}

/** @returns {Partial<Record<string, Count>>} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}
