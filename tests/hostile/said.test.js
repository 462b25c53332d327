/** Answers that arrive as they were sent, and say what is wrong: contradictory, mixed up, old, another's. */

import { Buffer } from "node:buffer";
import { after, before, suite, test } from "node:test";

import { Bank, LIMITED } from "./bank.js";
import { ends } from "./cell.js";
import { changed, instead } from "./faults.js";
import { STEPS } from "./steps.js";

/** @type {Bank} */
let bank;
before(async () => {
  bank = await Bank.open();
});
after(() => bank.close());

/** @typedef {import("./server.js").Fault} Fault */

/** The honest JSON, changed. @param {(json: any) => object} change @param {number} [status] @returns {Fault} */
const says = (change, status) =>
  changed((plain) => ({ ...plain, status: status ?? plain.status, body: Buffer.from(JSON.stringify(change(JSON.parse(`${plain.body}`)))) }));

/** The same with members added. @param {object} members @param {number} [status] */
const adds = (members, status) => says((json) => ({ ...json, ...members }), status);

/** The honest text, changed. @param {(text: string) => string} change @returns {Fault} */
const reads = (change) => changed((plain) => ({ ...plain, body: Buffer.from(change(`${plain.body}`)) }));

/** An OAuth error. @param {string} error @param {number} [status] */
const refuses = (error, status = 400) => instead(status, JSON.stringify({ error }));

/** What another path answers. @param {string} path @returns {Fault} */
const mixedUp = (path) => async (wire) => {
  const answer = await bank.provider.honest[path]?.(wire.request);
  const body = Buffer.from((await answer?.text()) ?? "");
  await wire.send({ status: 200, headers: [["Content-Type", "application/json"]], body });
};

/** An ID token with other claims, and other members. @param {() => object} claims @param {object} [more] @returns {Fault} */
const tokens = (claims, more) => async (wire, honest) => {
  const answer = await bank.tokens(new URLSearchParams(wire.request.body), claims(), more);
  await honest();
  await wire.send({ status: 200, headers: [["Content-Type", "application/json"]], body: Buffer.from(await answer.arrayBuffer()) });
};

const now = () => Math.floor(Date.now() / 1000);
const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
const another = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: "k2", alg: "ES256", use: "sig" };
const { d } = await crypto.subtle.exportKey("jwk", pair.privateKey);

/** The first time this, then the honest answer. @param {Fault} fault @returns {Fault} */
const once = (fault) => {
  let asked = 0;
  return async (wire, honest) => ((asked += 1) === 1 ? fault(wire, honest) : wire.send(await honest()));
};

/** @type {Record<string, [string, () => Fault, string, number?][]>} */
const SAID = {
  discovery: [
    ["another issuer", () => adds({ issuer: "https://login.example" }), "metadata_invalid"],
    ["the issuer with a slash more", () => says((json) => ({ ...json, issuer: `${json.issuer}/` })), "metadata_invalid"],
    ["a second issuer behind the right one", () => reads((text) => `${text.slice(0, -1)},"issuer":"https://evil.example"}`), "metadata_invalid"],
    ["no token endpoint", () => adds({ token_endpoint: undefined }), "metadata_invalid"],
    ["a token endpoint in the clear", () => adds({ token_endpoint: "http://login.example/token" }), "metadata_invalid"],
    ["a script as authorization endpoint", () => adds({ authorization_endpoint: "javascript:alert(1)" }), "metadata_invalid"],
    ["keys as a local file", () => adds({ jwks_uri: "file:///etc/passwd" }), "metadata_invalid"],
    ["no PKCE but plain", () => adds({ code_challenge_methods_supported: ["plain"] }), "metadata_invalid"],
    ["an OAuth error with success", () => refuses("invalid_request", 200), "metadata_invalid"],
    ["the keys", () => mixedUp("/keys"), "metadata_invalid"],
  ],
  keys: [
    ["none", () => instead(200, '{"keys":[]}'), "provider_unreachable"],
    ["another's", () => instead(200, JSON.stringify({ keys: [another] })), "key_unknown"],
    ["another's by the same name", () => says(({ keys: [key] }) => ({ keys: [{ ...another, kid: key.kid }] })), "id_token_invalid"],
    ["old ones, then those of today", () => once(instead(200, JSON.stringify({ keys: [another] }))), "done"],
    ["the right one among a thousand", () => says(({ keys: [key] }) => ({ keys: [...Array.from({ length: 1000 }, (_, at) => ({ ...another, kid: `x${at}` })), key] })), "done"],
    ["the right one twice", () => says(({ keys: [key] }) => ({ keys: [key, key] })), "done"],
    ["two by one name", () => says(({ keys: [key] }) => ({ keys: [key, { ...another, kid: key.kid }] })), "id_token_invalid"],
    ["the private one", () => says(({ keys: [key] }) => ({ keys: [{ ...key, d }] })), "id_token_invalid"],
    ["a shared secret", () => says(({ keys: [key] }) => ({ keys: [{ kty: "oct", k: "c2VjcmV0", kid: key.kid }] })), "id_token_invalid"],
    ["the right one beside one without a bottom", () => reads((text) => text.replace("[", `[{"kid":"x","x":${"[".repeat(5000)}${"]".repeat(5000)}},`)), "done"],
    ["the right one beside half a character", () => reads((text) => text.replace("[", '[{"kid":"\\ud800"},')), "done"],
    ["the right one beside what is none", () => reads((text) => text.replace("[", '[null,1,"x",[],')), "done"],
    ["no list", () => instead(200, '{"keys":{"0":{}}}'), "provider_unreachable"],
    ["a list, then the keys", () => reads((text) => `{"keys":[],${text.slice(1)}`), "done"],
    ["the metadata", () => mixedUp("/.well-known/openid-configuration"), "provider_unreachable"],
  ],
  "passkey options": [
    ["an error", () => refuses("invalid_request"), "token_refused"],
    ["an error with success", () => refuses("invalid_request", 200), "token_refused"],
    ["an error beside options", () => adds({ error: "access_denied" }), "token_refused"],
    ["what cannot be reached", () => refuses("unmet_authentication_requirements"), "assurance_unavailable"],
    ["another user", () => refuses("subject_mismatch"), "subject_mismatch"],
    ["no passkey", () => refuses("redirect_to_web"), "passkey_unavailable"],
    ["an error of another type", () => instead(400, '{"error":["invalid_request"]}'), "token_refused"],
    ["options without a challenge", () => adds({ publicKey: { rpId: "app.example" } }), "provider_unreachable"],
    ["a challenge that is no text", () => adds({ publicKey: { challenge: [1] } }), "provider_unreachable"],
    ["a second challenge behind the first", () => reads((text) => text.replace('"AQID"', '1,"challenge":"AQID"')), "done"],
    ["a session without a bottom", () => reads((text) => text.replace('"s1"', `${"[".repeat(9000)}${"]".repeat(9000)}`)), "done"],
    ["tokens", () => mixedUp("/passkey/token"), "provider_unreachable"],
  ],
  "the challenge endpoint": [
    ["a code and an error", () => adds({ authorization_code: "c", error: "server_error" }, 200), "token_refused"],
    ["a code that nobody gave", () => instead(200, '{"authorization_code":"forged"}'), "id_token_invalid"],
    ["a demand with success", () => adds({}, 200), "done"],
    ["a session that is never known", () => refuses("invalid_session"), "token_refused"],
    ["the web, where no way leads there", () => refuses("redirect_to_web"), "authorization_refused"],
    ["what cannot be reached", () => refuses("unmet_authentication_requirements"), "assurance_unavailable"],
    ["the same demand again and again", () => instead(400, JSON.stringify({ error: "insufficient_authorization", ...Bank.OPTIONS })), "token_refused"],
    ["a demand without a challenge", () => instead(400, '{"error":"insufficient_authorization","publicKey":{}}'), "authorization_refused"],
  ],
  "the pushed request": [
    ["an error", () => refuses("invalid_request"), "authorization_refused"],
    ["an error with success", () => refuses("invalid_request", 200), "authorization_refused"],
    ["what cannot be reached", () => refuses("unmet_authentication_requirements"), "assurance_unavailable"],
    ["no name for it", () => adds({ request_uri: undefined }), "authorization_refused"],
    ["an empty name", () => adds({ request_uri: "" }), "authorization_refused"],
    ["a name of another type", () => adds({ request_uri: 7 }), "provider_unreachable"],
    ["it has expired already", () => adds({ expires_in: 0 }), "request_expired", 2],
    ["no lifetime", () => adds({ expires_in: undefined }), "done"],
  ],
  "what the API says of itself": [
    ["another resource", () => adds({ resource: "https://evil.example" }), "resource_mismatch"],
    ["a resource that only begins alike", () => says((json) => ({ ...json, resource: `${json.resource}.evil.example` })), "resource_mismatch"],
    ["no resource", () => adds({ resource: undefined }), "resource_mismatch"],
    ["another provider", () => adds({ authorization_servers: ["https://evil.example"] }), "resource_mismatch"],
    ["our provider among others", () => says((json) => ({ ...json, authorization_servers: ["https://evil.example", ...json.authorization_servers] })), "done"],
    ["no provider", () => adds({ authorization_servers: [] }), "done"],
    ["an error with success", () => refuses("server_error", 200), "resource_mismatch"],
  ],
  "a backend's options": [
    ["an error with success", () => refuses("invalid_request", 200), "token_refused"],
    ["an error beside options", () => adds({ error: "access_denied" }), "token_refused"],
    ["options without a challenge", () => instead(200, '{"publicKey":{}}'), "provider_unreachable"],
  ],
  "a backend's verdict": [
    ["an error", () => refuses("invalid_request"), "token_refused"],
    ["an error with success", () => refuses("invalid_request", 200), "token_refused"],
    ["another user", () => refuses("subject_mismatch", 200), "subject_mismatch"],
    ["what cannot be reached", () => refuses("unmet_authentication_requirements", 403), "assurance_unavailable"],
    ["a lower level than was reached", () => adds({ acr: "AL1" }), "done"],
    ["success, although nothing was raised", () => instead(200, '{"acr":"AL3"}'), "loop_detected"],
  ],
};

/** What all that give tokens may say. @type {[string, () => Fault, string, number?][]} */
const TOKENS = [
  ["an error", () => refuses("invalid_grant"), "token_refused"],
  ["an error with success", () => refuses("invalid_grant", 200), "token_refused"],
  ["an error beside tokens", () => adds({ error: "invalid_grant" }), "token_refused"],
  ["no access token", () => adds({ access_token: undefined }), "token_refused"],
  ["an empty one", () => adds({ access_token: "" }), "token_refused"],
  ["one that ends the header", () => adds({ access_token: "a\r\nX-Evil: 1" }), "token_refused"],
  ["one beyond ASCII", () => adds({ access_token: "ａ" }), "token_refused"],
  ["no token type", () => adds({ token_type: undefined }), "token_refused"],
  ["another token type", () => adds({ token_type: "mac" }), "token_refused"],
  ["a second access token behind the first", () => reads((text) => text.replace('"access_token":', '"access_token":7,"access_token":')), "done"],
  ["a lifetime that is no number", () => adds({ expires_in: "soon" }), "provider_unreachable"],
  ["a lifetime below nothing", () => adds({ expires_in: -1 }), "done"],
  ["a lifetime beyond all numbers", () => reads((text) => text.replace('"expires_in":300', '"expires_in":1e999')), "done"],
  ["no ID token", () => adds({ id_token: undefined }), "assurance_unverifiable"],
  ["an ID token that breaks off", () => says((json) => ({ ...json, id_token: json.id_token.slice(0, -10) })), "id_token_invalid"],
  ["an ID token of half a megabyte", () => adds({ id_token: `${"a.".repeat(1 << 18)}a` }), "id_token_invalid"],
  ["an ID token that is none", () => adds({ id_token: "AL3" }), "id_token_invalid"],
  ["an ID token of another flow", () => tokens(() => ({ nonce: "another" })), "id_token_invalid"],
  ["an ID token of no flow", () => tokens(() => ({ nonce: undefined })), "id_token_invalid"],
  ["another user's", () => tokens(() => ({ sub: "bob" })), "subject_mismatch"],
  ["another app's", () => tokens(() => ({ aud: "other" })), "id_token_invalid"],
  ["another issuer's", () => tokens(() => ({ iss: "https://login.example" })), "issuer_mismatch"],
  ["an answer of yesterday", () => tokens(() => ({ iat: now() - 86_400, exp: now() - 86_000, auth_time: now() - 86_400 })), "id_token_invalid"],
  ["one of tomorrow", () => tokens(() => ({ iat: now() + 86_400, exp: now() + 90_000 })), "id_token_invalid"],
  ["a lower level", () => tokens(() => ({ acr: "AL1" })), "assurance_not_met"],
  ["no level", () => tokens(() => ({ acr: undefined })), "assurance_not_met"],
  ["a level of another type", () => tokens(() => ({ acr: { AL3: true } })), "id_token_invalid"],
  ["the token of another answer", () => tokens(() => ({ at_hash: "AAAAAAAAAAAAAAAAAAAAAA" })), "id_token_invalid"],
  ["the metadata", () => mixedUp("/.well-known/openid-configuration"), "token_refused"],
];
for (const step of ["the token endpoint after a window", "the token endpoint after a challenge endpoint", "the assertion endpoint"])
  SAID[step] = TOKENS;

for (const step of STEPS)
  suite(step.name, () => {
    for (const [name, fault, code, most] of SAID[step.name] ?? [])
      test(`${name}: ${code}`, LIMITED, () => ends(bank, step, fault(), code, { most }));
  });
