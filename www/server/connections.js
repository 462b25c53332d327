/**
 * When each connection was made, so that one to the provider can take as long as on a network further away.
 * @module
 */
import { setTimeout } from "node:timers/promises";

/** @typedef {import("node:net").Socket} Socket */

export class Connections {
  /** @type {Map<Socket, number>} */
  #since = new Map();
  /** Those on which the provider was asked. @type {Set<Socket>} */
  #provider = new Set();

  /** @param {Socket} socket that was just accepted */
  add(socket) {
    this.#since.set(socket, performance.now());
    socket.once("close", () => {
      this.#since.delete(socket);
      this.#provider.delete(socket);
    });
  }

  /**
   * Waits until there has been a connection to the provider for so long. One that was made ahead has passed that
   * time already, or a part of it, before anything was asked; and one is enough for all that is asked at once,
   * as over HTTP/2 (RFC 9113 §9.1), which no browser speaks without TLS.
   * @param {Socket} socket on which it is asked
   * @param {number} least milliseconds
   */
  async ready(socket, least) {
    this.#provider.add(socket);
    for (let left; this.#provider.has(socket) && (left = this.#first() + least - performance.now()) > 0; ) {
      // What is asked meanwhile on another one may show that this was the provider's before.
      await setTimeout(Math.min(left, 5));
    }
  }

  /** When the first of those to the provider was made that are still there. */
  #first() {
    return Math.min(...[...this.#provider].map((socket) => this.#since.get(socket) ?? Infinity));
  }

  /** Ends all but one, also those on which nothing was asked yet. @param {Socket} asking */
  endOthers(asking) {
    for (const socket of this.#since.keys()) if (socket !== asking) socket.destroy();
  }
}
