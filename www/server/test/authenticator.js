/**
 * An authenticator made of `node:crypto`: its keys are new, its signatures are real.
 * @module
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Flags of authenticator data (WebAuthn Level 3 §6.1). */
const UP = 0x01;
const UV = 0x04;
const BE = 0x08;
const AT = 0x40;

export class Authenticator {
  #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #counter = 0;
  #flags;
  id = randomBytes(16).toString("base64url");

  /**
   * @param {object} [kind]
   * @param {boolean} [kind.verifies] whether it checks who holds it
   * @param {boolean} [kind.synced] whether the passkey may leave it
   */
  constructor({ verifies = true, synced = false } = {}) {
    this.#flags = UP | (verifies ? UV : 0) | (synced ? BE : 0);
  }

  /** How a server is told of it without a ceremony. */
  seed(user = "alice") {
    return { user, credentialId: this.id, publicKey: this.#cose().toString("base64url"), counter: 0 };
  }

  /**
   * `navigator.credentials.get()`.
   * @param {any} options JSON form
   * @param {string} origin
   */
  get(options, origin) {
    const clientDataJSON = clientData("webauthn.get", options.challenge, origin);
    const authenticatorData = this.#data(options.rpId, this.#flags);
    const signature = sign("sha256", Buffer.concat([authenticatorData, sha256(clientDataJSON)]), this.#keys.privateKey);
    return this.#credential({ clientDataJSON, authenticatorData, signature });
  }

  /**
   * `navigator.credentials.create()`.
   * @param {any} options JSON form
   * @param {string} origin
   */
  create(options, origin) {
    const id = Buffer.from(this.id, "base64url");
    const attested = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, this.#cose()]);
    const authData = Buffer.concat([this.#data(options.rp.id, this.#flags | AT), attested]);
    // CBOR: { "fmt": "none", "attStmt": {}, "authData": h'…' } (WebAuthn Level 3 §6.5.4, §8.7).
    const attestationObject = Buffer.concat([
      Buffer.from("a363666d74646e6f6e656761747453746d74a068617574684461746159", "hex"), uint16(authData.length), authData,
    ]);
    return this.#credential({ clientDataJSON: clientData("webauthn.create", options.challenge, origin), attestationObject });
  }

  /** @param {Record<string, Buffer>} response */
  #credential(response) {
    const encoded = Object.fromEntries(Object.entries(response).map(([name, bytes]) => [name, bytes.toString("base64url")]));
    return { id: this.id, rawId: this.id, type: "public-key", clientExtensionResults: {}, response: encoded };
  }

  /**
   * @param {string} rpId
   * @param {number} flags
   */
  #data(rpId, flags) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.#counter);
    return Buffer.concat([sha256(Buffer.from(rpId)), Buffer.from([flags]), counter]);
  }

  /** The public key in COSE (RFC 9053 §7.1.1): EC2, ES256, P-256, x, y. */
  #cose() {
    const { x = "", y = "" } = this.#keys.publicKey.export({ format: "jwk" });
    return Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"), Buffer.from(x, "base64url"),
      Buffer.from("225820", "hex"), Buffer.from(y, "base64url"),
    ]);
  }
}

/**
 * @param {string} type
 * @param {string} challenge
 * @param {string} origin
 */
function clientData(type, challenge, origin) {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash("sha256").update(bytes).digest();
}

/** @param {number} value */
function uint16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
