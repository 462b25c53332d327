// Writes vectors.json: one ID token for each algorithm, signed by an implementation that is not
// under test. Each run makes new keys and forgets the private ones: `node vectors.mjs`.
import { createHash, generateKeyPairSync, sign, constants } from "node:crypto";
import { writeFileSync } from "node:fs";

/** @param {string | Buffer} data */
const base64url = (data) => Buffer.from(data).toString("base64url");

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const raw = { dsaEncoding: /** @type {const} */ ("ieee-p1363") };
/** @type {{ alg: string, pair: () => import("node:crypto").KeyPairKeyObjectResult, digest: string | null, hash: string, options: object }[]} */
const algorithms = [
  ...["256", "384", "512"].flatMap((bits) => [
    { alg: `RS${bits}`, pair: () => generateKeyPairSync("rsa", { modulusLength: 2048 }), digest: `sha${bits}`, hash: `sha${bits}`, options: {} },
    { alg: `PS${bits}`, pair: () => generateKeyPairSync("rsa", { modulusLength: 2048 }), digest: `sha${bits}`, hash: `sha${bits}`, options: pss },
  ]),
  { alg: "ES256", pair: () => generateKeyPairSync("ec", { namedCurve: "P-256" }), digest: "sha256", hash: "sha256", options: raw },
  { alg: "ES384", pair: () => generateKeyPairSync("ec", { namedCurve: "P-384" }), digest: "sha384", hash: "sha384", options: raw },
  { alg: "EdDSA", pair: () => generateKeyPairSync("ed25519"), digest: null, hash: "sha512", options: {} },
];

const accessToken = "an-access-token";
const vectors = algorithms.map(({ alg, pair, digest, hash, options }) => {
  const { publicKey, privateKey } = pair();
  const hashed = createHash(hash).update(accessToken).digest();
  const claims = {
    iss: "https://login.bank.example",
    sub: "alice",
    aud: "bank-spa",
    iat: 1_800_000_000,
    exp: 1_800_003_600,
    nonce: "the-nonce",
    acr: "AL3",
    amr: ["pop", "user"],
    auth_time: 1_799_999_990,
    at_hash: base64url(hashed.subarray(0, hashed.length / 2)),
  };
  const message = `${base64url(JSON.stringify({ alg, typ: "JWT", kid: `key-${alg}` }))}.${base64url(JSON.stringify(claims))}`;
  const signature = sign(digest, Buffer.from(message), { key: privateKey, ...options });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: `key-${alg}`, use: "sig", alg };
  return { alg, jwk, idToken: `${message}.${base64url(signature)}` };
});
writeFileSync(new URL("vectors.json", import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
