/**
 * Passkeys: which ones the provider knows, and the two ceremonies (WebAuthn Level 3 §7).
 * @module
 */
import {
  generateAuthenticationOptions, generateRegistrationOptions,
  verifyAuthenticationResponse, verifyRegistrationResponse,
} from "@simplewebauthn/server";

/**
 * @typedef {object} Passkey
 * @property {string} id base64url
 * @property {string} user
 * @property {Uint8Array<ArrayBuffer>} publicKey COSE
 * @property {number} counter
 * @property {import("@simplewebauthn/server").WebAuthnCredential["transports"]} [transports]
 */

export class Passkeys {
  /** @type {Map<string, Passkey>} */
  #known = new Map();
  #origin;
  #rpId;

  /** @param {import("./hosts.js").Addresses} at */
  constructor(at) {
    this.#origin = at.issuer;
    this.#rpId = at.rpId;
  }

  /** @param {import("./options.js").SeededPasskey[]} seeds */
  seed(seeds) {
    for (const { credentialId, user, publicKey, counter = 0 } of seeds) {
      const bytes = new Uint8Array(Buffer.from(publicKey, "base64url"));
      this.#known.set(credentialId, { id: credentialId, user, publicKey: bytes, counter });
    }
  }

  /** @param {string} user */
  of(user) {
    return [...this.#known.values()].filter((passkey) => passkey.user === user);
  }

  /**
   * Options for `navigator.credentials.get()`, for one user or for whoever is there.
   * @param {string} [user]
   */
  requestOptions(user) {
    return generateAuthenticationOptions({
      rpID: this.#rpId,
      // A passkey stands for two factors only if it checked who holds it.
      userVerification: "required",
      allowCredentials: user === undefined ? [] : this.of(user).map(({ id, transports }) => ({ id, transports })),
    });
  }

  /**
   * Who has signed, and with what kind of key; throws when the assertion does not hold.
   * @param {import("@simplewebauthn/server").AuthenticationResponseJSON} response
   * @param {string} challenge
   * @param {string} [user] whose passkey it must be
   */
  async verify(response, challenge, user) {
    const passkey = this.#known.get(response.id);
    if (!passkey || (user !== undefined && passkey.user !== user)) throw new Error("not a passkey of this user");
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: this.#origin,
      expectedRPID: this.#rpId,
      credential: passkey,
      requireUserVerification: true,
    });
    if (!verified) throw new Error("the signature does not fit");
    passkey.counter = authenticationInfo.newCounter;
    return { user: passkey.user, amr: amr(authenticationInfo.credentialDeviceType) };
  }

  /**
   * Options for `navigator.credentials.create()`.
   * @param {import("./accounts.js").Account} account
   */
  creationOptions(account) {
    return generateRegistrationOptions({
      rpName: "Localhost Bank",
      rpID: this.#rpId,
      userID: new Uint8Array(Buffer.from(account.id)),
      userName: account.id,
      userDisplayName: account.name,
      attestationType: "none",
      excludeCredentials: this.of(account.id).map(({ id, transports }) => ({ id, transports })),
      authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
    });
  }

  /**
   * Keeps a new passkey; throws when the registration does not hold.
   * @param {import("@simplewebauthn/server").RegistrationResponseJSON} response
   * @param {string} challenge
   * @param {string} user
   */
  async register(response, challenge, user) {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: this.#origin,
      expectedRPID: this.#rpId,
      requireUserVerification: true,
    });
    if (!verified) throw new Error("the registration does not hold");
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    if (this.#known.has(id)) throw new Error("this passkey is known already");
    this.#known.set(id, { id, user, publicKey, counter, transports });
  }
}

/**
 * How a passkey proves its user (RFC 8176 §2): possession of a key, the user present and verified.
 * A synced passkey leaves its device, so its key counts as a software key.
 * @param {import("@simplewebauthn/server").CredentialDeviceType} type
 */
function amr(type) {
  return ["pop", type === "multiDevice" ? "swk" : "hwk", "user", "mfa"];
}
