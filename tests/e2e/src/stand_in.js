// Passkeys for an engine without WebAuthn: what they sign is real and verifies at the server. Its
// manners are WebKit's, down to what becomes of a ceremony when another one begins.
const [passkey, rpId, manner] = arguments;
const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const concat = (...parts) => {
  const all = parts.map((part) => new Uint8Array(part));
  const joined = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  all.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
};
const raw = (source) => new Uint8Array(source.buffer ?? source, source.byteOffset ?? 0, source.byteLength);
const utf8 = (text) => new TextEncoder().encode(text);
const digest = (data) => crypto.subtle.digest("SHA-256", data);
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const refused = (why) => new DOMException(why, "NotAllowedError");

// WebCrypto signs r ‖ s (IEEE P1363); WebAuthn carries ASN.1 DER (WebAuthn Level 3 §6.5.5).
const integer = (part) => {
  let start = 0;
  while (start < part.length - 1 && part[start] === 0) start += 1;
  const short = part.slice(start);
  const padded = short[0] > 0x7f ? concat([0], short) : short;
  return concat([2, padded.length], padded);
};
const der = (signature) => {
  const both = concat(integer(signature.slice(0, 32)), integer(signature.slice(32)));
  return concat([0x30, both.length], both);
};

/** The passkeys it holds: `{ id, rpId, key, userHandle }`. */
const held = [];
if (manner.holdsPasskey) {
  held.push({
    id: passkey.credentialId, rpId, userHandle: bytes(passkey.userHandle),
    key: crypto.subtle.importKey("pkcs8", bytes(passkey.privateKey), ES256, false, ["sign"]),
  });
}

/** The one ceremony there can be: a new one ends it. */
let cancelPending = () => {};

/** Runs a ceremony until it is done, aborted, or ended by the next. */
const ceremony = (signal, run) => new Promise((resolve, reject) => {
  signal?.throwIfAborted();
  cancelPending();
  cancelPending = () => reject(refused("This request has been cancelled by the user."));
  signal?.addEventListener("abort", () => reject(signal.reason));
  run().then(resolve, reject);
});

/** The rp id, checked against the page (WebAuthn Level 3 §5.1.3, §5.1.4.1). */
const relyingParty = (id = location.hostname) => {
  if (location.hostname !== id && !location.hostname.endsWith(`.${id}`)) {
    throw new DOMException("The origin is not a subdomain of the relying party", "SecurityError");
  }
  return id;
};

/** What the user does when asked. Flags: user present, user verified (WebAuthn Level 3 §6.1). */
const asked = (verification) => {
  if (!manner.consents) throw refused("The user said no");
  if (!manner.verifies && verification === "required") throw refused("The user was not verified");
  return manner.verifies ? 0x05 : 0x01;
};

const clientData = (type, challenge) => utf8(JSON.stringify({
  type, challenge: base64url(raw(challenge)), origin: location.origin, crossOrigin: false,
}));

const json = (response) => Object.fromEntries(Object.entries(response)
  .map(([name, value]) => [name, value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? base64url(value) : value]));

const credential = (id, response, more = {}) => ({
  id, rawId: bytes(id).buffer, type: "public-key", authenticatorAttachment: "platform", response,
  getClientExtensionResults: () => ({}),
  toJSON: () => ({
    id, rawId: id, type: "public-key", authenticatorAttachment: "platform", clientExtensionResults: {},
    response: { ...json(response), ...json(more) },
  }),
});

const get = ({ publicKey, signal, mediation } = {}) => ceremony(signal, async () => {
  if (!publicKey) throw new DOMException("only public keys", "NotSupportedError");
  const rp = relyingParty(publicKey.rpId);
  // Nobody picks a passkey from the autofill here.
  if (mediation === "conditional") return new Promise(() => {});
  const allowed = (publicKey.allowCredentials ?? []).map(({ id }) => base64url(raw(id)));
  const known = held.find(({ id, rpId }) => rpId === rp && (allowed.length === 0 || allowed.includes(id)));
  if (!known) throw refused("no such passkey");
  const flags = asked(publicKey.userVerification);
  const clientDataJSON = clientData("webauthn.get", publicKey.challenge);
  const authenticatorData = concat(await digest(utf8(rp)), [flags], [0, 0, 0, 0]);
  const signature = der(new Uint8Array(await crypto.subtle.sign(
    ES256, await known.key, concat(authenticatorData, await digest(clientDataJSON)))));
  return credential(known.id, { clientDataJSON, authenticatorData, signature, userHandle: known.userHandle });
});

// As much CBOR as an attestation object without attestation needs (WebAuthn Level 3 §6.5.4, §8.7).
const head = (major, length) => length < 24 ? [major << 5 | length]
  : length < 256 ? [major << 5 | 24, length] : [major << 5 | 25, length >> 8, length & 0xff];
const text = (value) => concat(head(3, value.length), utf8(value));
const byteString = (value) => concat(head(2, value.length), value);

const create = ({ publicKey, signal } = {}) => ceremony(signal, async () => {
  const rp = relyingParty(publicKey.rp.id);
  if (publicKey.user.id.byteLength > 64) throw new TypeError("The length of user.id is too long");
  if (!publicKey.pubKeyCredParams.some(({ alg }) => alg === -7)) {
    throw new DOMException("no algorithm is known", "NotSupportedError");
  }
  const excluded = (publicKey.excludeCredentials ?? []).map(({ id }) => base64url(raw(id)));
  const flags = asked(publicKey.authenticatorSelection?.userVerification);
  if (held.some(({ id, rpId }) => rpId === rp && excluded.includes(id))) {
    throw new DOMException("At least one credential is registered already", "InvalidStateError");
  }
  const pair = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
  const id = crypto.getRandomValues(new Uint8Array(16));
  held.push({ id: base64url(id), rpId: rp, userHandle: raw(publicKey.user.id).slice(), key: pair.privateKey });
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const cose = concat([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21],
    byteString(point.slice(1, 33)), [0x22], byteString(point.slice(33)));
  const authenticatorData = concat(await digest(utf8(rp)), [flags | 0x40], [0, 0, 0, 0],
    new Uint8Array(16), [0, id.length], id, cose);
  const attestationObject = concat([0xa3], text("fmt"), text("none"), text("attStmt"), [0xa0],
    text("authData"), byteString(authenticatorData));
  const response = { clientDataJSON: clientData("webauthn.create", publicKey.challenge), attestationObject };
  const more = {
    authenticatorData, publicKey: await crypto.subtle.exportKey("spki", pair.publicKey),
    publicKeyAlgorithm: -7, transports: ["internal"],
  };
  const made = credential(base64url(id), response, more);
  Object.assign(made.response, {
    getTransports: () => more.transports, getAuthenticatorData: () => more.authenticatorData,
    getPublicKey: () => more.publicKey, getPublicKeyAlgorithm: () => more.publicKeyAlgorithm,
  });
  made.toJSON = credential(made.id, { clientDataJSON: response.clientDataJSON, attestationObject }, more).toJSON;
  return made;
});

/** Base64url out of JSON (WebAuthn Level 3 §5.1.8, §5.1.9). */
const decoded = (text) => {
  if (!/^[\w-]*$/.test(text)) throw new DOMException("Invalid base64url", "EncodingError");
  return bytes(text);
};
const descriptors = (list) => (list ?? []).map((one) => ({ ...one, id: decoded(one.id) }));

Object.defineProperty(navigator, "credentials", { configurable: true, value: { get, create } });
globalThis.PublicKeyCredential = class PublicKeyCredential {
  static parseRequestOptionsFromJSON = (json) => ({
    ...json, challenge: decoded(json.challenge), allowCredentials: descriptors(json.allowCredentials),
  });
  static parseCreationOptionsFromJSON = (json) => ({
    ...json, challenge: decoded(json.challenge), user: { ...json.user, id: decoded(json.user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
  });
  static isUserVerifyingPlatformAuthenticatorAvailable = async () => true;
  static isConditionalMediationAvailable = async () => false;
};
// Under the tests no window manager gives a window the focus when it is clicked, as a user's does.
document.hasFocus = () => true;
