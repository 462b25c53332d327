/**
 * The bank's API, called through step-up.
 * @module
 */
import { TAG } from "./tally.js";

/**
 * @typedef {{ owner: string, iban: string, amount: number, currency: string }} Balance
 * @typedef {{ id: string, name: string, iban: string }} Payee
 * @typedef {{ id: string, payeeName: string, amount: number, at: number }} Transfer
 * @typedef {{ id: string, at: number }} Passkey
 * @typedef {import("/stepup/index.js").StepUpInit} StepUpInit
 */

/** An answer of the API that is not a success. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {boolean} [over] whether the sign-in itself no longer holds
   */
  constructor(status, message, over = false) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.over = over;
  }
}

export class Account {
  #stepup;
  #api;

  /**
   * @param {import("/stepup/index.js").StepUp} stepup
   * @param {string} api
   */
  constructor(stepup, api) {
    this.#stepup = stepup;
    this.#api = api;
  }

  /** @returns {Promise<Balance>} */
  balance() {
    return this.#call("/balance");
  }

  /** @returns {Promise<Payee[]>} */
  payees() {
    return this.#call("/payees");
  }

  /** @returns {Promise<Transfer[]>} */
  transfers() {
    return this.#call("/transfers");
  }

  /** @returns {Promise<Passkey[]>} */
  passkeys() {
    return this.#call("/passkeys");
  }

  /**
   * @param {{ payee: string, amount: number }} order amount in cents
   * @param {StepUpInit} stepup
   * @returns {Promise<Transfer>}
   */
  send(order, stepup) {
    // The key makes it the same transfer, however often it is sent.
    return this.#post("/transfers", order, { ...stepup, tag: TAG }, { "Idempotency-Key": crypto.randomUUID() });
  }

  /**
   * @param {{ name: string, iban: string }} payee
   * @param {StepUpInit} stepup
   * @returns {Promise<Payee>}
   */
  addPayee(payee, stepup) {
    return this.#post("/payees", payee, stepup);
  }

  /**
   * What `passkey.create` needs.
   * @param {StepUpInit} stepup
   */
  passkeyOptions(stepup) {
    return this.#post("/passkeys/options", {}, stepup);
  }

  /**
   * @param {import("/stepup/index.js").RegistrationResponseJSON} credential
   * @param {StepUpInit} stepup
   * @returns {Promise<Passkey>}
   */
  addPasskey(credential, stepup) {
    return this.#post("/passkeys", credential, stepup);
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @param {StepUpInit} stepup
   * @param {Record<string, string>} [headers]
   */
  #post(path, body, stepup, headers = {}) {
    return this.#call(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      stepup,
    });
  }

  /**
   * @param {string} path
   * @param {RequestInit & { stepup?: import("/stepup/index.js").StepUpInit }} [init]
   */
  async #call(path, init) {
    return this.read(await this.#stepup.fetch(this.#api + path, init));
  }

  /**
   * What an answer of the API says.
   * @param {Response} response
   */
  async read(response) {
    if (response.ok) return response.json();
    const problem = await response.json().catch(() => ({}));
    if (response.status !== 401) {
      throw new ApiError(response.status, typeof problem.detail === "string" ? problem.detail : `The bank answered ${response.status}.`);
    }
    // What step-up can answer, it has answered. What is left asks for a sign-in, or cannot be read.
    throw response.headers.has("WWW-Authenticate")
      ? new ApiError(401, "Your sign-in is over. Sign in again.", true)
      : new ApiError(401, "The bank refused, and this page may not read why.");
  }
}
