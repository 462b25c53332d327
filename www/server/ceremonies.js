/**
 * Passkey ceremonies in the app's page: the same for every way in which their options get there and
 * their responses come back.
 * @module
 */
import { randomBytes } from "node:crypto";

/**
 * @typedef {import("./challenges.js").Bound} Bound
 * @typedef {import("@simplewebauthn/server").AuthenticationResponseJSON} Assertion
 * @typedef {import("@simplewebauthn/server").RegistrationResponseJSON} Registration
 */

/** A response of an authenticator that proves nothing. */
export class Refusal extends Error {}

export class Ceremonies {
  #passkeys;
  #challenges;
  #options;
  #origins;

  /**
   * @param {object} parts
   * @param {import("./hosts.js").Addresses} parts.at
   * @param {import("./options.js").Options} parts.options
   * @param {import("./passkeys.js").Passkeys} parts.passkeys
   * @param {import("./challenges.js").Challenges} parts.challenges
   */
  constructor({ at, options, passkeys, challenges }) {
    this.#passkeys = passkeys;
    this.#challenges = challenges;
    this.#options = options;
    this.#origins = [at.app, at.issuer];
  }

  /**
   * What a page needs to ask for an assertion; nothing for a user who has no passkey.
   * @param {{ client: string, user?: string, nonce?: string, about?: string }} whom
   */
  async request({ client, user, nonce, about }) {
    if (user !== undefined && this.#passkeys.of(user).length === 0) return undefined;
    const publicKey = await this.#passkeys.requestOptions(user, this.#options.userVerification);
    const authSession = randomBytes(16).toString("base64url");
    this.#challenges.keep(publicKey.challenge, { ceremony: "get", client, user, nonce, about, authSession });
    return { publicKey, auth_session: authSession };
  }

  /**
   * Who has signed, and what that proves.
   * @param {unknown} credential an `AuthenticationResponseJSON`
   * @param {{ client: string, nonce?: string, about?: string, authSession?: string }} from
   * @throws {Refusal}
   */
  async prove(credential, { client, nonce, about, authSession }) {
    const { challenge, bound } = this.#take(credential, "get", client);
    if (bound.authSession !== authSession) throw new Refusal("the auth_session is another ceremony's");
    if (bound.nonce !== undefined && bound.nonce !== nonce) throw new Refusal("the nonce is another ceremony's");
    if (bound.nonce !== undefined && bound.about !== about) throw new Refusal("something else was to be confirmed");
    return await refusing(() => this.#passkeys.verify(/** @type {Assertion} */ (credential), {
      challenge, origins: this.#origins, user: bound.user, userVerification: this.#options.userVerification,
    }));
  }

  /**
   * The passkeys of a user, as the user may see them.
   * @param {string} user
   */
  list(user) {
    return this.#passkeys.of(user).map(shown);
  }

  /**
   * What a page needs to make a passkey.
   * @param {{ client: string, account: import("./accounts.js").Account }} whom
   */
  async creation({ client, account }) {
    const publicKey = await this.#passkeys.creationOptions(account);
    this.#challenges.keep(publicKey.challenge, { ceremony: "create", client, user: account.id });
    return publicKey;
  }

  /**
   * Keeps a new passkey.
   * @param {unknown} credential a `RegistrationResponseJSON`
   * @param {{ client: string, user: string }} from
   * @throws {Refusal}
   */
  async register(credential, { client, user }) {
    const { challenge, bound } = this.#take(credential, "create", client);
    if (bound.user !== user) throw new Refusal("the challenge is another user's");
    const expected = { challenge, origins: this.#origins, user };
    return shown(await refusing(() => this.#passkeys.register(/** @type {Registration} */ (credential), expected)));
  }

  /**
   * The challenge that a response answers, which is used up by that, right or wrong.
   * @param {unknown} credential
   * @param {Bound["ceremony"]} ceremony
   * @param {string} client
   */
  #take(credential, ceremony, client) {
    const challenge = challengeOf(credential);
    const bound = challenge === undefined ? undefined : this.#challenges.take(challenge);
    if (challenge === undefined || !bound) throw new Refusal("the challenge is unknown, used or expired");
    if (bound.ceremony !== ceremony || bound.client !== client) throw new Refusal("the challenge is for something else");
    return { challenge, bound };
  }
}

/**
 * A passkey without its key.
 * @param {import("./passkeys.js").Passkey} passkey
 */
function shown({ id, at, transports }) {
  return { id, at, transports };
}

/**
 * The challenge in the client data (WebAuthn Level 3 §5.8.1), if there is one.
 * @param {any} credential
 * @returns {string | undefined}
 */
function challengeOf(credential) {
  try {
    const { challenge } = JSON.parse(Buffer.from(credential.response.clientDataJSON, "base64url").toString("utf8"));
    return typeof challenge === "string" ? challenge : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @template T
 * @param {() => Promise<T>} verify whose rejections tell what does not fit
 */
async function refusing(verify) {
  try {
    return await verify();
  } catch (cause) {
    throw new Refusal(cause instanceof Error ? cause.message : "the response does not hold", { cause });
  }
}
