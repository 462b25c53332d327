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
 * @property {number} at when it was added, in milliseconds since the epoch
 * @property {import("@simplewebauthn/server").WebAuthnCredential["transports"]} [transports]
 */

/**
 * @typedef {object} Expected what a ceremony's response must fit
 * @property {string} challenge
 * @property {string[]} origins the pages that may have run it
 * @property {string} [user] whose passkey it must be
 * @property {UserVerification} [userVerification] whether the user must have been verified; `"required"` by default
 */

/** @typedef {"required" | "preferred"} UserVerification */

export class Passkeys {
  /** @type {Map<string, Passkey>} */
  #known = new Map();
  #rpId;

  /** @param {import("./hosts.js").Addresses} at */
  constructor(at) {
    this.#rpId = at.rpId;
  }

  /** @param {import("./options.js").SeededPasskey[]} seeds */
  seed(seeds) {
    for (const { credentialId, user, publicKey, counter = 0 } of seeds) {
      const bytes = new Uint8Array(Buffer.from(publicKey, "base64url"));
      this.#known.set(credentialId, { id: credentialId, user, publicKey: bytes, counter, at: Date.now() });
    }
  }

  /** @param {string} user */
  of(user) {
    return [...this.#known.values()].filter((passkey) => passkey.user === user);
  }

  /**
   * Options for `navigator.credentials.get()`, for one user or for whoever is there.
   * @param {string} [user]
   * @param {UserVerification} [userVerification]
   */
  requestOptions(user, userVerification = "required") {
    return generateAuthenticationOptions({
      rpID: this.#rpId,
      // A passkey stands for two factors only if it checked who holds it.
      userVerification,
      allowCredentials: user === undefined ? [] : this.of(user).map(({ id, transports }) => ({ id, transports })),
    });
  }

  /**
   * Who has signed, and how that proves them; throws when the assertion does not hold.
   * @param {import("@simplewebauthn/server").AuthenticationResponseJSON} response
   * @param {Expected} expected
   * @returns {Promise<{ user: string, level: string, amr: string[] }>}
   */
  async verify(response, { challenge, origins, user, userVerification = "required" }) {
    const passkey = this.#known.get(response.id);
    if (!passkey || (user !== undefined && passkey.user !== user)) throw new Error("not a passkey of this user");
    const { userHandle } = response.response ?? {};
    // WebAuthn Level 3 §7.2, step 6.
    if (userHandle !== undefined && userHandle !== handleOf(passkey.user)) throw new Error("the user handle is another user's");
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origins,
      expectedRPID: this.#rpId,
      credential: passkey,
      requireUserVerification: userVerification === "required",
    });
    if (!verified) throw new Error("the signature does not fit");
    passkey.counter = authenticationInfo.newCounter;
    return { user: passkey.user, ...proved(authenticationInfo) };
  }

  /**
   * Options for `navigator.credentials.create()`.
   * @param {import("./accounts.js").Account} account
   */
  creationOptions(account) {
    return generateRegistrationOptions({
      rpName: "Localhost Bank",
      rpID: this.#rpId,
      userID: new Uint8Array(Buffer.from(handleOf(account.id), "base64url")),
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
   * @param {Expected & { user: string }} expected
   */
  async register(response, { challenge, origins, user }) {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origins,
      expectedRPID: this.#rpId,
      requireUserVerification: true,
    });
    if (!verified) throw new Error("the registration does not hold");
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    if (this.#known.has(id)) throw new Error("this passkey is known already");
    const passkey = { id, user, publicKey, counter, at: Date.now(), transports };
    this.#known.set(id, passkey);
    return passkey;
  }
}

/**
 * The user handle of a discoverable passkey, base64url.
 * @param {string} user
 */
function handleOf(user) {
  return Buffer.from(user).toString("base64url");
}

/**
 * What an assertion proves (RFC 8176 §2): possession of a key, and, where the authenticator verified
 * its user, a second factor. A synced passkey leaves its device, so its key counts as a software key.
 * @param {{ credentialDeviceType: import("@simplewebauthn/server").CredentialDeviceType, userVerified: boolean }} info
 */
function proved({ credentialDeviceType, userVerified }) {
  const key = ["pop", credentialDeviceType === "multiDevice" ? "swk" : "hwk"];
  return userVerified ? { level: "AL3", amr: [...key, "user", "mfa"] } : { level: "AL1", amr: key };
}
