// A provider in the page, for the tests: makes a key with WebCrypto and signs ID tokens with it.

/** @type {Record<string, RsaHashedKeyGenParams & RsaPssParams & EcKeyGenParams & EcdsaParams>} */
const algorithms = {};
for (const [bits, saltLength] of [[256, 32], [384, 48], [512, 64]]) {
  const common = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: `SHA-${bits}`, saltLength: saltLength ?? 0, namedCurve: "" };
  algorithms[`RS${bits}`] = { ...common, name: "RSASSA-PKCS1-v1_5" };
  algorithms[`PS${bits}`] = { ...common, name: "RSA-PSS" };
  algorithms[`ES${bits}`] = { ...common, name: "ECDSA", namedCurve: `P-${bits}` };
}

/** @param {Uint8Array} bytes */
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/** What `at_hash` is for this access token. @param {string} hash @param {string} accessToken */
export async function atHash(hash, accessToken) {
  const digest = new Uint8Array(await crypto.subtle.digest(hash, utf8(accessToken)));
  return base64url(digest.subarray(0, digest.length / 2));
}

export class Provider {
  /** @param {string} alg @param {CryptoKeyPair} pair @param {string} jwk */
  constructor(alg, pair, jwk) {
    this.alg = alg;
    this.pair = pair;
    this.jwk = jwk;
  }

  /** A provider with one key. @param {string} alg */
  static async generate(alg) {
    const algorithm = algorithms[alg] ?? { name: "Ed25519" };
    const pair = /** @type {CryptoKeyPair} */ (
      await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
    );
    const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
    return new Provider(alg, pair, JSON.stringify({ ...jwk, kid: alg, use: "sig", alg }));
  }

  /** @param {string} claims JSON */
  async issue(claims) {
    const header = JSON.stringify({ alg: this.alg, typ: "JWT", kid: this.alg });
    const message = `${base64url(utf8(header))}.${base64url(utf8(claims))}`;
    const algorithm = algorithms[this.alg] ?? { name: "Ed25519" };
    const signature = await crypto.subtle.sign(algorithm, this.pair.privateKey, utf8(message));
    return `${message}.${base64url(new Uint8Array(signature))}`;
  }
}

/**
 * Runs with another `crypto.subtle`, or none.
 * @param {"missing" | "without Ed25519"} what @param {() => Promise<unknown>} run
 */
export async function withSubtle(what, run) {
  const importKey = () => Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
  const value = what === "missing" ? undefined : { importKey };
  Object.defineProperty(crypto, "subtle", { configurable: true, value });
  try {
    return await run();
  } finally {
    // What is left is the getter of the prototype.
    Reflect.deleteProperty(crypto, "subtle");
  }
}
