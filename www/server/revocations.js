/**
 * Access tokens that the API takes no more although they have not expired: a JWT says itself how long
 * it lives, so what ends before that is remembered here.
 * @module
 */
export class Revocations {
  /** @type {Set<string>} */
  #seen = new Set();
  /** @type {Set<string>} */
  #revoked = new Set();

  /**
   * Whether a token is still good.
   * @param {string} id `jti` (RFC 9068 §2.2)
   */
  admits(id) {
    this.#seen.add(id);
    return !this.#revoked.has(id);
  }

  /**
   * Takes one that is to be used once; false if it was taken before.
   * @param {string} id
   */
  take(id) {
    const first = !this.#revoked.has(id);
    this.#revoked.add(id);
    return first;
  }

  /** Ends every token that the API has seen so far. */
  revokeAll() {
    for (const id of this.#seen) this.#revoked.add(id);
  }
}
