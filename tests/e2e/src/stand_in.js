// A passkey for an engine without WebAuthn: what it signs is real and verifies at the server.
const [passkey, rpId] = arguments;
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
const raw = (source) => new Uint8Array(source.buffer ?? source);

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

async function get({ publicKey, signal } = {}) {
  signal?.throwIfAborted();
  if (!publicKey) throw new DOMException("only public keys", "NotSupportedError");
  if ((publicKey.rpId ?? location.hostname) !== rpId) {
    throw new DOMException("another relying party", "SecurityError");
  }
  const allowed = (publicKey.allowCredentials ?? []).map(({ id }) => base64url(raw(id)));
  if (allowed.length > 0 && !allowed.includes(passkey.credentialId)) {
    throw new DOMException("no such passkey", "NotAllowedError");
  }
  const encoder = new TextEncoder();
  const clientDataJSON = encoder.encode(JSON.stringify({
    type: "webauthn.get", challenge: base64url(raw(publicKey.challenge)),
    origin: location.origin, crossOrigin: false,
  }));
  const digest = (data) => crypto.subtle.digest("SHA-256", data);
  // Flags: user present and user verified (WebAuthn Level 3 §6.1); counter 0.
  const authenticatorData = concat(await digest(encoder.encode(rpId)), [0x05], [0, 0, 0, 0]);
  const key = await crypto.subtle.importKey("pkcs8", bytes(passkey.privateKey),
    { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const signature = der(new Uint8Array(await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" }, key,
    concat(authenticatorData, await digest(clientDataJSON)))));
  const id = passkey.credentialId;
  const response = { clientDataJSON, authenticatorData, signature, userHandle: bytes(passkey.userHandle) };
  return {
    id, rawId: bytes(id).buffer, type: "public-key", authenticatorAttachment: "platform", response,
    getClientExtensionResults: () => ({}),
    toJSON: () => ({
      id, rawId: id, type: "public-key", authenticatorAttachment: "platform", clientExtensionResults: {},
      response: Object.fromEntries(
        Object.entries(response).map(([name, value]) => [name, base64url(value)])),
    }),
  };
}

function parseRequestOptionsFromJSON(json) {
  return {
    ...json, challenge: bytes(json.challenge),
    allowCredentials: (json.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
  };
}

Object.defineProperty(navigator, "credentials", { configurable: true, value: { get } });
globalThis.PublicKeyCredential = class PublicKeyCredential {
  static parseRequestOptionsFromJSON = parseRequestOptionsFromJSON;
  static isUserVerifyingPlatformAuthenticatorAvailable = async () => true;
  static isConditionalMediationAvailable = async () => false;
};
