/**
 * The challenges of ceremonies in the app's page: each is for one user and one client, answered once
 * and in time (WebAuthn Level 3 §13.4.3).
 * @module
 */

/** Challenges remembered at once; the oldest goes first. */
const CHALLENGES = 10_000;

/**
 * @typedef {object} Bound whom and what a challenge is for
 * @property {"get" | "create"} ceremony
 * @property {string} client
 * @property {string} [user] anybody with a passkey where it is missing
 * @property {string} [nonce] that the answer must come with, where it was known when it was asked for
 * @property {string} [about] the authorization details that it confirms
 * @property {string} [authSession] the handle that the answer must come with
 */

export class Challenges {
  /** @type {Map<string, { bound: Bound, until: number }>} */
  #pending = new Map();
  #options;

  /** @param {Pick<import("./options.js").Options, "challengeTtl">} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * @param {string} challenge base64url
   * @param {Bound} bound
   */
  keep(challenge, bound) {
    this.#pending.set(challenge, { bound, until: Date.now() + this.#options.challengeTtl * 1000 });
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > CHALLENGES && oldest !== undefined) this.#pending.delete(oldest);
  }

  /**
   * What the challenge is bound to, the first time it is answered and if that is in time.
   * @param {string} challenge
   */
  take(challenge) {
    const entry = this.#pending.get(challenge);
    this.#pending.delete(challenge);
    return entry && Date.now() <= entry.until ? entry.bound : undefined;
  }
}
