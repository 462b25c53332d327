/**
 * What the user has proved in each session of the provider.
 * @module
 */
import { newest } from "./levels.js";

/** @typedef {import("./levels.js").Proof} Proof */

export class Proofs {
  /** @type {Map<string, { user: string, proofs: Proof[] }>} */
  #sessions = new Map();

  /**
   * @param {string | undefined} session its `uid`
   * @param {string | undefined} user whose proofs they must be
   * @returns {Proof[]}
   */
  of(session, user) {
    const entry = session === undefined ? undefined : this.#sessions.get(session);
    return entry && entry.user === user ? entry.proofs : [];
  }

  /**
   * Adds to the session; another user's proofs never remain.
   * @param {string} session
   * @param {string} user
   * @param {Proof[]} made
   */
  add(session, user, made) {
    this.#sessions.set(session, { user, proofs: newest(this.of(session, user), made) });
  }

  /** @param {string} session */
  forget(session) {
    this.#sessions.delete(session);
  }
}
