// Everything an app's developer writes, as README and index.d.ts describe it.
import {
  createStepUp,
  isStepUpError,
  parseChallenges,
  passkey,
  StepUpError,
  type Assurance,
  type AuthenticationResponseJSON,
  type Challenge,
  type PasskeyCapabilities,
  type Requirement,
  type Rule,
  type RuleRequest,
  type StepUp,
  type StepUpErrorCode,
  type StepUpOptions,
} from "stepup";
import type { GateModel, OwnGate, PasskeyAdapter, PasskeyFields, PasskeyRequest } from "stepup";
import { auth0, simpleWebAuthn } from "stepup/adapters";
import { createStepUp as createInline } from "stepup/inline";
import { auth0Mfa, eap, keycloakLoa, nistAal, zscaler } from "stepup/levels";
import "stepup/callback";

const options: StepUpOptions = {
  apis: ["https://api.bank.example", { origin: "/", pathPrefix: "/api", redirects: "same-origin" }],
  issuer: "https://login.bank.example",
  clientId: "bank-spa",
  redirectUri: "/stepup-callback.html",
  session: async () => ({ accessToken: "a", idToken: "b" }),
  methods: ["popup"],
  wasm: { core: new URL("https://cdn.example/stepup_bg.wasm"), idToken: new Uint8Array() },
};
const stepup: StepUp = createStepUp(options);
const inline: StepUp = createInline({ apis: [], authenticate: async ({ signal }) => String(signal.aborted) });

/** A server of another shape, and the app's own dialog. */
const adapter: PasskeyAdapter = {
  optionsRequest: ({ client_id }: PasskeyFields): PasskeyRequest => ({ method: "GET", headers: { "x-id": client_id ?? "" } }),
  optionsResponse: async (json, ok) => (ok ? { publicKey: json.options, auth_session: json.id } : json),
  tokenRequest: async ({ credential, max_age }) => ({ body: { id: credential?.rawId, age: Number(max_age) } }),
  tokenResponse: (json) => json.tokens,
};
const gate: OwnGate = (model: GateModel, choose) => {
  if (model.state === "failed" && model.error === "passkey_refused") choose("another");
  return { update: ({ methods }) => methods.includes("popup") && choose("popup"), close() {} };
};
createStepUp({
  apis: [{ origin: "https://api.bank.example", passkeyServer: true }],
  methods: ["passkey", "popup"],
  passkey: { options: "https://login.bank.example/o", token: "https://login.bank.example/t", grantType: "urn:x", nonce: false, acrValues: ["AL3"], adapter },
  beforeCeremony: async () => {},
  gate,
});
createStepUp({ apis: [], passkey: auth0({ domain: "login.bank.example", realm: "Users", audience: "https://api.bank.example" }) });
for (const levels of [nistAal({ acr: (aal) => `aal${aal}` }), eap(), keycloakLoa({ gold: 2 }, { maxAge: { 2: 300 } }), zscaler({ AL2: { acr: "x", maxAge: 60 } }), auth0Mfa()])
  createStepUp({ apis: [{ origin: "https://api.bank.example", scopes: ["read"] }], levels: ["AL0", ...levels, { name: "AL9", amr: [["pop", "user"]], phishingResistant: true }] });
export const behind = createStepUp({
  apis: [{ origin: "/", pathPrefix: "/api" }],
  redirectUri: "/stepup/callback.html",
  bff: {
    login: "/bff/login",
    passkey: { ...simpleWebAuthn({ options: "/o", verify: "/v", method: "POST" }), acrValues: ["AL3"] },
    csrf: { header: "X-CSRF-Token", token: () => document.cookie },
  },
});
behind.fetch("/api/transfers", { method: "POST", stepup: { methods: ["passkey"], gate: false } });
behind.ensure({ acr: "AL3", methods: ["popup"], gate: { frame: "allow", texts: { errors: { passkey_refused: "No." } } } });
behind.addEventListener("prompt", ({ detail }) => detail.shown satisfies "window" | "page" | "dialog" | "button");
behind.resume({ replay: "ask" }).then((back) => back?.results.map(({ request, response, error, send }) => [request.url, response?.status, error, send?.()]));
behind.fetch("/api/transfers", { stepup: { methods: ["redirect"], idempotencyKey: true } });
behind.addEventListener("request", ({ detail }) => detail.target === "passkey_options" && detail.status);

export async function transfer(body: BodyInit): Promise<Response | StepUpErrorCode> {
  try {
    const held: Assurance = await stepup.ensure({ acr: "AL3", maxAge: 60, scope: ["transfers:write"] });
    const until: number = held.until;
    return await stepup.fetch(new URL("https://api.bank.example/transfers"), {
      method: "POST",
      body,
      stepup: { reason: `Confirm before ${until}`, tag: "transfer" },
    });
  } catch (error) {
    if (isStepUpError(error)) {
      const response: Response | undefined = error.response;
      return response?.ok ? response : error.code;
    }
    throw error;
  }
}

export async function read(response: Response): Promise<Requirement | undefined> {
  const challenges: Challenge[] = await parseChallenges(response, { wasm: "/stepup_bg.wasm" });
  return challenges[0]?.requirement;
}

/** What a server library or the browser's own types give fits, and so does what is given back. */
export async function confirm(options: PublicKeyCredentialRequestOptionsJSON, signal: AbortSignal) {
  const response: AuthenticationResponseJSON = await passkey.get(options, {
    signal,
    mediation: "optional",
    beforeCeremony: async () => {},
    wasm: "/stepup_bg.wasm",
  });
  const derived: string | undefined = response.clientExtensionResults.prf?.results?.first;
  return [response.response.userHandle, derived];
}

export async function enrol(options: PublicKeyCredentialCreationOptionsJSON): Promise<string[]> {
  const can: PasskeyCapabilities = await passkey.capabilities();
  if (can["conditionalCreate"] === undefined) console.log("not known");
  const { response } = await passkey.create({ ...options, hints: ["client-device"] });
  return response.transports;
}

export const undo: () => void = stepup.install();
stepup.addEventListener("challenge", ({ detail }) => console.log(detail.url, detail.requirement.acrValues));
stepup.addEventListener("settled", ({ detail }) => detail.code satisfies StepUpErrorCode | undefined);
inline.clear();
export const now: Assurance | undefined = stepup.assurance;
stepup.ensure({ phishingResistant: true }).then(({ level, since }) => [level?.length, since.toFixed()]);
export const error: Error = new StepUpError("cancelled", { cause: stepup.token({ acr: "AL3" }) });

/** What is known to need step-up asks first. */
const pays = {
  method: ["POST", "PUT"],
  url: "/transfers/:id?",
  when: async (request: RuleRequest) => (await request.json()).amount > 50_000,
  require: { acr: "AL3", maxAge: 60 },
} satisfies Rule;
export const asking = createStepUp({
  apis: ["https://api.bank.example"],
  rules: [
    pays,
    { url: { pathname: "/payees/*" }, require: ({ headers, stepup }) => (headers.has("x-risk") || stepup.tag ? { phishingResistant: true } : null) },
    { url: new URLPattern({ search: "dry=0" }), when: ({ method }) => method !== "GET", require: { scope: ["write"] } },
  ],
  rememberRequirements: true,
  prepareTtl: 60,
});
asking.prepare(pays).then((ready) => ready satisfies boolean);
asking.prepare({ acr: "AL3" });
asking.addEventListener("demand", ({ detail }) => detail.by satisfies "rule" | "memory");

// What must not pass.

// @ts-expect-error: the APIs are required.
createStepUp({ issuer: "https://login.bank.example" });
// @ts-expect-error: options are a closed type.
createStepUp({ apis: [], origin: "https://api.bank.example" });
// @ts-expect-error: what belongs to one request is a closed type.
stepup.fetch("/", { stepup: { reasons: "a" } });
// @ts-expect-error: durations are numbers of seconds.
stepup.ensure({ maxAge: "60s" });
// @ts-expect-error: what is held can only be read.
stepup.assurance = undefined;
// @ts-expect-error: a level has a name.
createStepUp({ apis: [], levels: [{ acr: "AL1" }] });
// @ts-expect-error: there are four.
zscaler({ AL5: { acr: "x" } });
// @ts-expect-error: the list of codes is closed.
new StepUpError("no_such_code");
// @ts-expect-error: a challenge is required.
passkey.get({ rpId: "bank.example" });
// @ts-expect-error: a method is one of three.
stepup.ensure({ methods: ["sms"] });
// @ts-expect-error: an assertion must go somewhere.
createStepUp({ apis: [], passkey: { options: "https://login.bank.example/o" } });
// @ts-expect-error: Auth0 is a provider, not a backend.
createStepUp({ apis: [], bff: { passkey: auth0({ domain: "login.bank.example" }) } });
// @ts-expect-error: a backend of SimpleWebAuthn gives no tokens.
createStepUp({ apis: [], passkey: simpleWebAuthn({ options: "/o", verify: "/v" }) });
// @ts-expect-error: an adapter answers with a request.
createStepUp({ apis: [], bff: { passkey: { verify: "/v", adapter: { tokenRequest: () => "x" } } } });
// @ts-expect-error: bytes come as base64url.
passkey.get({ challenge: new Uint8Array(32) });
// @ts-expect-error: a rule requires something.
createStepUp({ apis: [], rules: [{ url: "/" }] });
// @ts-expect-error: what a request is asked for is a requirement.
createStepUp({ apis: [], rules: [{ require: () => "AL3" }] });
