// @ts-check
/**
 * Tokens that are bound to a key of this browser (RFC 9449): the key, the proofs that it is held, and
 * requests that carry one. What is signed, and when a request is repeated for a nonce, the core says.
 */

import { StepUpError } from "./error.js";
import { openStore } from "./store.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 * @typedef {{ publicKey: CryptoKey, privateKey: CryptoKey }} Pair
 * @typedef {{ x: string, y: string, jkt: string, privateKey: CryptoKey, header?: string }} Key
 * @typedef {{ token: string, jkt: string, ath?: string }} Held a token, the key that it is bound to, and its digest
 */

/** ES256, which every server with proofs knows in practice. */
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** The keys that this page has met, by app and by thumbprint; those of the tokens that it holds are among them. @type {Map<string, Map<string, Key>>} */
const met = new Map();

/** @param {StepUpOptions} options */
const nameOf = ({ issuer, clientId }) => `dpop ${issuer} ${clientId}`;

const encoder = new TextEncoder();
const encode = (/** @type {string} */ text) => encoder.encode(text);

/** @param {ArrayBuffer} bytes @returns {string} */
const base64url = (bytes) => {
  const list = /** @type {any} */ (new Uint8Array(bytes));
  // Some browsers have it, and are faster.
  if (list.toBase64) return list.toBase64({ alphabet: "base64url", omitPadding: true });
  return btoa(String.fromCharCode(...list)).replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_");
};

const digest = async (/** @type {string} */ text) =>
  base64url(await crypto.subtle.digest("SHA-256", encode(text)));

/** A new key, of which the private half never leaves the browser. @returns {Promise<Pair>} */
const make = async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(ES256, false, ["sign", "verify"]);
  return { publicKey, privateKey };
};

/** @param {Pair} pair @returns {Promise<Key>} */
const described = async ({ publicKey, privateKey }) => {
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", publicKey);
  // RFC 7638 §3.2: these members, in this order.
  const jkt = await digest(JSON.stringify({ crv: "P-256", kty: "EC", x, y }));
  return { x, y, jkt, privateKey };
};

/** The key is not this user's any more: logout. @param {StepUpOptions} options */
export const forget = async (options) => {
  const name = nameOf(options);
  met.delete(name);
  await openStore().removeKey(name);
};

/** The method as it is on the wire: some are written in capitals (Fetch §2.2.1), all others as they are. @param {Call} call */
const methodOf = ({ request, init: { method = "GET" } }) =>
  request?.method ?? (/^(DELETE|GET|HEAD|OPTIONS|POST|PUT)$/i.test(method) ? method.toUpperCase() : `${method}`);

/**
 * @param {StepUpOptions} options
 * @param {{
 *   client: Pick<import("./stepup.js").Client, "proof_header" | "proof" | "proved">,
 *   enter: <T>(run: () => T) => T, forgotten: () => unknown,
 * }} around `forgotten` is awaited before a key is looked for
 */
export const prover = (options, { client, enter, forgotten }) => {
  const name = nameOf(options);
  /** What is to be released before: requests leave in the order of their calls. @type {Promise<unknown>} */
  let last = Promise.resolve();

  const keys = () => {
    const known = met.get(name) ?? new Map();
    met.set(name, known);
    return known;
  };

  /** The stored key, or a new one; where nothing can be stored, one for the life of this page. */
  const current = async () => {
    await forgotten();
    const inMemory = /** @type {Key | undefined} */ ([...keys().values()].at(-1));
    const found = await openStore()
      .key(name, make)
      .then(described)
      .catch(async () => inMemory ?? described(await make()));
    keys().set(found.jkt, found);
    return found;
  };

  /** @param {Key} key @param {string} method @param {string} url as the browser writes it @param {Held} [held] */
  const prove = async (key, method, url, held) => {
    // These are the same as long as the token is, and the key, and kept with them.
    if (held) held.ath ??= await digest(held.token);
    key.header ??= enter(() => client.proof_header(key.x, key.y));
    const text = `${key.header}.${enter(() => client.proof(crypto.randomUUID(), method, url, held?.ath))}`;
    const signature = await crypto.subtle.sign(ES256, key.privateKey, encode(text));
    return `${text}.${base64url(signature)}`;
  };

  /** Signatures are made side by side and used in turn. @template T @param {Promise<T>} made @returns {Promise<T>} */
  const inTurn = (made) => {
    const turn = last.then(() => made);
    last = turn.catch(() => {});
    return turn;
  };

  return {
    /** Another tab has deleted the stored key: this one does not go on with what it knows of it. */
    drop: () => void met.delete(name),
    /** The key that tokens are to be bound to: its thumbprint. */
    key: async () => (await current()).jkt,
    /** A proof for the provider. @param {string} jkt @param {string} method @param {string} url */
    prove: async (jkt, method, url) => {
      // After a redirect it is found in the store.
      const key = keys().get(jkt) ?? (await current());
      if (key.jkt !== jkt) throw new StepUpError("pending_expired", { message: "the key of the code is gone" });
      return prove(key, method, new URL(url).href);
    },
    /**
     * Sends a request with a token that is bound to a key. Each send has a proof of its own.
     * @param {Call} call @param {import("./call.js").Fetch} native @param {Held} held
     * @param {boolean} resent whether it was sent before, and challenged
     * @param {() => boolean} counts whether the token is still this user's
     */
    send: async (call, native, held, resent, counts) => {
      for (let again = false; ; again = true) {
        const key = keys().get(held.jkt);
        const proof = key && (await inTurn(prove(key, methodOf(call), call.url, held)));
        if (!proof || !counts()) throw new StepUpError("session_changed");
        const response = await call.send(native, held.token, resent || again, proof);
        const { status, headers } = response;
        const told = (/** @type {string} */ header) => headers.get(header) ?? undefined;
        const nonce = told("DPoP-Nonce");
        // What neither refuses nor has a nonce is no news.
        if (status !== 401 && nonce === undefined) return response;
        const challenge = told("WWW-Authenticate");
        if (!enter(() => client.proved(call.url, status, challenge, nonce, again))) return response;
        if (!call.replayable)
          throw new StepUpError("replay_unavailable", { message: "the API wants a nonce, and knows it now", response });
        await response.body?.cancel();
      }
    },
  };
};
