// What the journeys through passkey ceremonies need in the page.

export const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
export const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const digest = (data) => crypto.subtle.digest("SHA-256", data);

/** Options for an assertion with the fixture's passkey, `e2e.passkey`. */
export const request = (over) => ({
  challenge: random(), rpId: "bank.localhost", userVerification: "required", timeout: 20_000,
  allowCredentials: [{ type: "public-key", id: window.e2e.passkey.credentialId }], ...over,
});

/** Options for a new passkey. */
export const creation = (over) => ({
  challenge: random(), rp: { id: "bank.localhost", name: "Bank" }, timeout: 20_000,
  user: { id: random(), name: "alice", displayName: "Alice" },
  pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  authenticatorSelection: { userVerification: "required" }, ...over,
});

/** Checks a response as a server does (WebAuthn Level 3 §7.2), with the key's SubjectPublicKeyInfo. */
export async function verify({ response }, { challenge, rpId = "bank.localhost" }, spki) {
  const client = JSON.parse(new TextDecoder().decode(bytes(response.clientDataJSON)));
  const data = bytes(response.authenticatorData);
  const signed = new Uint8Array([...data, ...new Uint8Array(await digest(bytes(response.clientDataJSON)))]);
  // DER: 30 len 02 len r 02 len s; WebCrypto wants r and s in 32 bytes each.
  const der = bytes(response.signature);
  const part = (at) => der.slice(at + 2, at + 2 + der[at + 1]);
  const fixed = (part) => [...new Uint8Array(32), ...part].slice(-32);
  const signature = new Uint8Array([...fixed(part(2)), ...fixed(part(4 + der[3]))]);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("spki", bytes(spki), algorithm, false, ["verify"]);
  return {
    verifies: await crypto.subtle.verify(algorithm, key, signature, signed),
    type: client.type, origin: client.origin, challenge: client.challenge === challenge,
    rp: base64url(data.slice(0, 32)) === base64url(await digest(new TextEncoder().encode(rpId))),
    flags: data[32] & 5,
  };
}

/** The fixture's key, out of its COSE form: that of every P-256 key begins alike. */
export function spki(cose) {
  const point = bytes(cose);
  const prefix = bytes("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE");
  return base64url(new Uint8Array([...prefix, ...point.slice(10, 42), ...point.slice(45, 77)]));
}

/** Keeps what the browser is asked and what it answers. */
export function spy() {
  const { credentials } = navigator;
  const calls = [];
  for (const kind of ["get", "create"]) {
    const real = credentials[kind].bind(credentials);
    credentials[kind] = (options) => {
      const call = { kind, options, state: "pending" };
      calls.push(call);
      const answer = real(options);
      answer.then(
        (credential) => Object.assign(call, { state: "resolved", credential }),
        (error) => Object.assign(call, { state: "rejected", name: error?.name ?? String(error) }),
      );
      return answer;
    };
  }
  return calls;
}

/** Lets the SDK's clocks run faster, so that nobody waits for a time limit. */
export function hurry(times = 50) {
  const real = setTimeout;
  globalThis.setTimeout = (run, millis = 0, ...rest) => real(run, millis / times, ...rest);
}
