/**
 * Step-up authentication for single-page apps.
 *
 * Units are in the types: `Seconds`, `Millis`, `EpochSeconds`, `EpochMillis`.
 * @module
 */

/** A whole number of seconds. */
export type Seconds = number;
/** Milliseconds, with a fraction. */
export type Millis = number;
/** Milliseconds since the Unix epoch, as `Date.now()` gives them. */
export type EpochMillis = number;
/** Seconds since the Unix epoch, as `auth_time` has them (OpenID Connect Core §2). */
export type EpochSeconds = number;

/**
 * What must be proved (RFC 9470 §3–4, RFC 6750 §3). An empty requirement asks for a sign-in only.
 */
export interface Requirement {
  /**
   * Acceptable authentication context class references, the preferred first; any one is enough. A name
   * or an acr of the option `levels` means that level, and a higher one is as good. Others compare
   * exactly.
   */
  acrValues?: string[];
  /** Shorthand for `acrValues: [acr]`. */
  acr?: string;
  /** How long ago the user may have authenticated at most. `0` asks for it anew. */
  maxAge?: Seconds;
  /** Scopes the access token must carry: a space-separated string or a list. */
  scope?: string | string[];
  /**
   * What the token must be good for in particular. The provider's answer is compared with it: it may
   * add members and further objects, and fill a list that was asked for empty, but change nothing
   * (`authorization_details_refused`). Such a token is used for one request with equal details, in
   * whatever order their members are, and replaces no other. Each thing has a prompt of its own.
   */
  authorizationDetails?: AuthorizationDetail[];
  /**
   * Claims that the provider is asked for in the parameter `claims` (OpenID Connect Core §5.5), merged with
   * the option `claims`. They are not looked for in the answer: whoever demands them judges the token. A
   * challenge demands them with `error="insufficient_claims"` and JSON in base64 (Microsoft Entra).
   */
  claims?: Record<string, unknown>;
  /**
   * Whether the authentication must be one that cannot be phished. Proved by the acr `phr` or `phrh`
   * (OpenID Connect EAP ACR Values), by a level that is marked so or one above it, or by an `amr` of
   * `phr`, `phrh`, or `pop` together with `user`; `hwk`, `swk` or `pop` alone is not enough, since an
   * app on the phone can use a key too, and be relayed. Where no acr is named besides it is asked for
   * by the lowest level that is marked, else by `phr`.
   */
  phishingResistant?: boolean;
}

/**
 * What a token is to be good for in particular (RFC 9396 §2): this payment, to that payee. What else a
 * type has is between the app, its API and the provider.
 */
export interface AuthorizationDetail {
  type: string;
  [member: string]: unknown;
}

/** A level of the app's order. */
export interface Level {
  /** What the app and its APIs call it. */
  name: string;
  /** The provider's own acr values for it: what is asked for, and what proves it. Default: its name. */
  acr?: string | string[];
  /**
   * What proves it where the ID token has no acr at all: methods (RFC 8176), all of which must be there;
   * or several such lists, any one of which is enough.
   */
  amr?: string[] | string[][];
  /**
   * How long it holds once it is proved, counted from `auth_time`. Asked for as `max_age`, so that the
   * provider goes by the same. A level holds no longer than those below it.
   */
  maxAge?: Seconds;
  /** Whether what proves it cannot be phished. Those above it count as well. */
  phishingResistant?: boolean;
}

/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** The scheme as the server wrote it. Compare without regard to case. */
  scheme: string;
  /** The auth-params, names in lower case; absent when the challenge carries a `token68`. */
  params?: Record<string, string>;
  /** The token68 form (RFC 9110 §11.2). */
  token68?: string;
  /** Present when the challenge asks for step-up. */
  requirement?: Requirement;
}

/** How the user gets from "not enough" to "enough". */
export type Method = "passkey" | "popup" | "redirect";

/** What `session()` tells about the app's own sign-in. Every part is optional. */
export interface Session {
  accessToken?: string;
  /** Checked (signature, `iss`, `aud`) once; its `sub` is who the user must still be afterwards. */
  idToken?: string;
  /** The subject, for an app that has no ID token at hand. */
  sub?: string;
  /** Sent as `login_hint` when there is no ID token to send as `id_token_hint`. */
  loginHint?: string;
  /**
   * The scopes of `accessToken`, so that a step-up asks for their union with what is demanded.
   * Where neither this nor the option `scope` tells them, a token obtained by step-up does not
   * replace `accessToken`: it serves the requests that are challenged.
   */
  scope?: string | string[];
}

/** An API whose challenges count and to which tokens may go. */
export interface Api {
  /** An exact origin (`https://api.example.com`), or `/` for the page's own. */
  origin: string;
  /**
   * Only URLs below this path, matched on a segment boundary; none that a server may climb out of it by
   * (`..` beside an encoded slash). Default: the whole origin.
   */
  pathPrefix?: string;
  /** The resource indicator of this API (RFC 8707), sent with authorization and token requests. */
  resource?: string;
  /**
   * The scopes that its challenges may demand at most: a demand beyond fails with `scope_refused`, and
   * prompts nobody. Default: any.
   */
  scopes?: string | string[];
  /**
   * Whether this API is the passkey server: then the JSON body of its challenges may carry options
   * for a passkey, as the member `passkey: { publicKey, auth_session? }` (`PasskeyOffer`), which saves
   * a request. From any other API such a member is ignored.
   */
  passkeyServer?: boolean;
  /**
   * `"once"` for an API that discards a token after one use: a token obtained for it goes with one
   * request, sent once, is used for no other API, and is in no other tab. So each request leaves with
   * the session's token first, and is challenged. One sign-in at the provider
   * gives one token, so that each request has a prompt of its own, one after the other; with `renew`,
   * and a provider that gives refresh tokens, one prompt serves all requests that wait for it. `ensure()`
   * obtains one token, for the next request that is challenged; `token()` hands it to the app. Default:
   * a token is used for as long as it lives.
   */
  tokenUse?: "once";
  /**
   * What to do when the answer to a request with an `Authorization` header is a redirect.
   * `"refuse"` (default) rejects with `origin_not_allowed`. `"same-origin"` lets the browser follow
   * it and rejects with `origin_not_allowed` if it ends at another origin: the browser takes the
   * token off on the way there (Fetch §4.4), but a 307 or 308 carries the body.
   */
  redirects?: "refuse" | "same-origin";
  /**
   * Recognises a challenge that is in no standard's form. Called for answers that are not `ok`,
   * with a copy whose body may be read. Return what is required, or nothing. If it throws, the
   * answer passes as it is, and a `diagnostic` says so.
   */
  detect?(response: Response): Requirement | undefined | null | Promise<Requirement | undefined | null>;
}

/** A token as the app's own `authenticate` gives it. */
export interface AuthenticateResult {
  accessToken: string;
  /** Checked when `issuer` and `clientId` are configured; without it the result is unverified. */
  idToken?: string;
  /** How long the access token lives. Default: 300. */
  expiresIn?: Seconds;
  scope?: string | string[];
  tokenType?: string;
  /** What it was granted in particular; compared where it is told. */
  authorizationDetails?: AuthorizationDetail[];
}

/** What `authenticate` is called with. */
export interface AuthenticateRequest {
  /**
   * Everything that is asked for, `acr` already folded into `acrValues`, in the provider's own values;
   * `maxAge` also where only the level has one.
   */
  requirement: {
    acrValues: string[]; maxAge?: Seconds; scope: string[]; phishingResistant?: boolean;
    authorizationDetails?: AuthorizationDetail[]; claims?: Record<string, unknown>;
  };
  /** The app's reason, as given to `fetch` or `ensure`. */
  reason?: string;
  /** Fires when nobody waits for the result any more. */
  signal: AbortSignal;
  /** The window opened inside the click, if `methods` begins with `"popup"`. */
  window?: Window;
}

/**
 * The parameters of a request to a passkey endpoint, by their names on the wire. To a backend they go
 * as JSON, else as a form. Absent is what is not demanded.
 */
export interface PasskeyFields {
  /** `acr` values, space-separated (RFC 9470 §4). */
  acr_values?: string;
  /** Seconds: text in a form, a number in JSON. */
  max_age?: string | number;
  scope?: string;
  /** In a form as its JSON text (RFC 9396 §2). */
  authorization_details?: string | AuthorizationDetail[];
  /** Claims that were demanded, in a form as their JSON text (OpenID Connect Core §5.5). */
  claims?: string | Record<string, unknown>;
  /** Not to a backend, which is the client itself. */
  client_id?: string;
  /** To be repeated in the ID token (OpenID Connect Core §3.1.2.1). Not to a backend. */
  nonce?: string;
  /** The resource indicator (RFC 8707 §2). Not to a backend. */
  resource?: string;
  /** Whose passkey is asked for: with the request for options only. */
  id_token_hint?: string;
  login_hint?: string;
  /** Where one is configured: with the assertion only. */
  grant_type?: string;
  /** As the server gave it with the options. */
  auth_session?: string;
  /** The assertion: in a form as its JSON text. */
  credential?: AuthenticationResponseJSON;
}

/** A request to a passkey endpoint, as an adapter shapes it. */
export interface PasskeyRequest {
  /** Default `"POST"`. A `"GET"` has no body. */
  method?: "GET" | "POST" | "PUT";
  headers?: Record<string, string>;
  /** An object goes as JSON. */
  body?: string | URLSearchParams | object;
}

/**
 * Options as a server offers them: bare (with `challenge` at the top), or as `publicKey` beside an
 * `auth_session`, which is sent back with the assertion.
 */
export type PasskeyOffer =
  | PasskeyRequestOptionsJSON
  | { publicKey: PasskeyRequestOptionsJSON; auth_session?: string };

/**
 * For a server that wants other shapes. What is left out stays as documented. If one throws, the
 * passkey fails with `configuration_invalid` or, for a `StepUpError`, with its code.
 */
export interface PasskeyAdapter {
  optionsRequest?(fields: PasskeyFields): PasskeyRequest | Promise<PasskeyRequest>;
  optionsResponse?(json: any, ok: boolean): PasskeyOffer | Promise<PasskeyOffer>;
  tokenRequest?(fields: PasskeyFields): PasskeyRequest | Promise<PasskeyRequest>;
  /** To a token response (RFC 6749 §5.1–5.2), or for a backend to `BackendAnswer`. */
  tokenResponse?(json: any, ok: boolean): object | Promise<object>;
}

/**
 * Assertion endpoints: a passkey in the page becomes a token. Both are sent `PasskeyFields` as a form
 * (`application/x-www-form-urlencoded`, so that no preflight is needed), without cookies.
 */
export interface PasskeyEndpoints {
  /** Answers 200 with a `PasskeyOffer`. Left out, only challenges carry options. */
  options?: string;
  /** Takes the assertion and answers as a token endpoint does (RFC 6749 §5.1–5.2). */
  token: string;
  /** Sent as `grant_type`, for a token endpoint that knows several. */
  grantType?: string;
  /**
   * Whether the ID token carries the `nonce` that was sent. Default `true`. With `false`, what says
   * that it is new is `iat` alone.
   */
  nonce?: boolean;
  /** The levels or acr values that a passkey reaches here; for others it is not offered. Default: any. */
  acrValues?: string[];
  adapter?: PasskeyAdapter;
}

/** What a backend may tell after a passkey, as JSON. All of it is optional. */
export interface BackendAnswer {
  acr?: string;
  amr?: string[];
  auth_time?: EpochSeconds;
}

/** Passkey endpoints of the app's backend: JSON, with cookies. */
export interface BackendPasskey {
  /** Answers 200 with a `PasskeyOffer`. Left out, only challenges carry options. */
  options?: string;
  /** Takes the assertion, raises the session and answers 2xx, with a `BackendAnswer` if it likes. */
  verify: string;
  /** The levels or acr values that a passkey reaches here; for others it is not offered. Default: any. */
  acrValues?: string[];
  adapter?: PasskeyAdapter;
}

/** Protection against forged requests, by a header (OWASP: double submit, or a token of the page). */
export interface Csrf {
  /** Its name, for example `"X-CSRF-Token"`. */
  header: string;
  /**
   * Its value, read at each unsafe request to the APIs and to the backend's passkey endpoints, the
   * retry included: a backend changes it when it raises the session. If it throws at a request of
   * the app's, that rejects with what was thrown; at a passkey endpoint the passkey fails with
   * `configuration_invalid`.
   */
  token(): string | Promise<string>;
}

/** A backend-for-frontend: cookies, and no token in the page (RFC 10017 §6.1). */
export interface Backend {
  /**
   * The page that a window is sent to, with `acr_values`, `max_age`, `scope`, `claims` and
   * `authorization_details` as demanded, and `return_to`: the `redirectUri` with `stepup_state` in its query, as a path where both are of one
   * origin. The backend goes back there when it is done, with `error` if it failed (RFC 6749
   * §4.1.2.1, RFC 9470 §5; `subject_mismatch` where another user came back). It must accept no other
   * address, and sees to it that the user is the same.
   */
  login?: string;
  passkey?: BackendPasskey;
  csrf?: Csrf;
}

/** Where a wasm module comes from. */
export type WasmSource =
  | string | URL | Response | BufferSource | WebAssembly.Module
  | (() => string | URL | Response | BufferSource | WebAssembly.Module
    | Promise<string | URL | Response | BufferSource | WebAssembly.Module>);

/** A way to confirm, as the gate offers it. */
export type GateMethod = "passkey" | "popup" | "redirect";

/**
 * What the user chose: a method; to `open` the window (where it is the only method, or again); to
 * `continue` in it; to go on `here` although another tab asks; to `retry` what failed, or to see
 * `another` way; to `cancel`.
 */
export type GateChoice = GateMethod | "open" | "continue" | "here" | "cancel" | "retry" | "another";

/** What the gate shows. */
export interface GateModel {
  /**
   * `choose` a method; `waiting` for the user's confirmation elsewhere; `lost`: the window may be
   * gone; `failed` for the reason in `error`; `busy`: the provider is at work; `elsewhere`: another
   * tab asks the user, and what they do there serves this one as well; `overdue`: it has done so for
   * long, and the user may go on `here`.
   */
  state: "choose" | "waiting" | "lost" | "failed" | "busy" | "elsewhere" | "overdue";
  /** The app's reason. Plain text: show it as such. */
  reason?: string;
  /** The provider's origin; empty where there is none. */
  origin: string;
  /** What is possible here, in the app's order. */
  methods: GateMethod[];
  /** Why it failed. */
  error?: StepUpErrorCode;
}

/** A gate that is shown. */
export interface Gate {
  /** Shows something else in its place. */
  update(model: GateModel): void;
  /** Takes it away. Nothing is chosen by that. */
  close(): void;
}

/**
 * The app's own gate. Call `choose` inside the click itself: it opens the window. For `lost`, offer
 * `continue`, `open` and `cancel`. Framing is the app's own concern here.
 */
export type OwnGate = (model: GateModel, choose: (choice: GateChoice) => void) => Gate;

/** Settings of `<stepup-gate>`. */
export interface GateOptions {
  /**
   * Replaces texts, all or some, in the page's own language. Without it they are in the language
   * of `<html lang>` if that is ar, de, en, es, fr, it, nl or pt, else in English.
   */
  texts?: Partial<GateTexts>;
  /**
   * What to do in a frame whose parent is of another origin, which could cover the gate to get a
   * click. Default `"refuse"`: what needs a click fails with `embedding_blocked`.
   */
  frame?: "refuse" | "allow";
}

/** What the gate says. */
export interface GateTexts {
  /** The heading, but for the two states that have their own. */
  title: string;
  lostTitle: string;
  failedTitle: string;
  elsewhereTitle: string;
  /** In front of the provider's origin. */
  provider: string;
  /** What a click on `open` does. */
  openHint: string;
  lostHint: string;
  waiting: string;
  busy: string;
  /** That another tab asks. */
  elsewhere: string;
  /** The button that opens the window for the first time. */
  open: string;
  passkey: string;
  popup: string;
  redirect: string;
  continue: string;
  /** The button that goes on in this tab. */
  here: string;
  /** The button that opens the window again. */
  reopen: string;
  cancel: string;
  retry: string;
  another: string;
  /** What failed, by code; `other` for every code that is not listed. */
  errors: Record<string, string>;
}

export interface StepUpOptions {
  /** The APIs, as origins or in full. Relative entries are resolved at the first fetch. */
  apis: (string | Api)[];
  /** The authorization server's issuer identifier, exactly as its metadata has it. */
  issuer?: string;
  clientId?: string;
  /** The page that runs `callback.js`: same origin as the app. */
  redirectUri?: string;
  /** Scopes to ask for besides what is held and what is demanded. Default: `"openid"`. */
  scope?: string | string[];
  /**
   * The app's order of authentication levels, the lowest first: acr values, or levels in full. Where a
   * level is demanded, a higher one is as good. Without it acr values compare exactly (RFC 9470 §2). See
   * `stepup/levels` for ready ones.
   */
  levels?: (string | Level)[];
  /** How acr is asked for: `acr_values` (default, voluntary) or an essential claim (OIDC Core §5.5.1.1). */
  acrRequest?: "acr_values" | "claims";
  /**
   * Claims that each authorization request asks for besides (OpenID Connect Core §5.5), for example
   * `{ access_token: { xms_cc: { values: ["cp1"] } } }`. Where a challenge contradicts it, that wins. Passkey endpoints
   * and a backend get only what is demanded.
   */
  claims?: Record<string, unknown>;
  /**
   * The signature algorithms that an ID token may have (OpenID Connect Core §3.1.3.7, step 7). Default:
   * all of these. A browser that lacks Ed25519 refuses `"EdDSA"` with `id_token_invalid`.
   */
  idTokenAlgs?: ("RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "ES256" | "ES384" | "EdDSA")[];
  /**
   * The app's own sign-in. Read at each step-up, and at each request to an API for which no token is
   * held; so it should be quick. If it throws, a request goes as it is and a `diagnostic` says so; a
   * step-up rejects with `configuration_invalid`.
   */
  session?(): Session | undefined | null | Promise<Session | undefined | null>;
  /**
   * What to do when no subject is known beforehand. Default `"refuse"` (`subject_unknown`).
   * `ensure({})` of a page without any session is a sign-in, and adopts whoever comes.
   */
  firstSubject?: "refuse" | "adopt";
  /**
   * In order of preference. Default: the passkey where `passkey` or `firstPartyApps` (with a backend
   * `bff.passkey`) is set, then the popup (with a backend where `bff.login` is); with `authenticate`
   * none.
   */
  methods?: Method[];
  /** Passkeys in the page, by a pair of endpoints that gives tokens. */
  passkey?: PasskeyEndpoints;
  /**
   * Passkeys in the page by the provider's `authorization_challenge_endpoint` (OAuth 2.0 for
   * First-Party Applications). Only for an app and a provider of the same owner, and never with a
   * page that runs code of others: the draft itself (§9.8) does not recommend it in browsers, where
   * any script of the page could ask for the user's credentials.
   */
  firstPartyApps?: boolean;
  /** A backend-for-frontend, in place of `issuer`, `passkey` and `firstPartyApps`: they do not count then. */
  bff?: Backend;
  /**
   * Awaited before each passkey ceremony: an app that has one of its own pending (a conditional one)
   * ends it here. If it throws, the passkey fails with `configuration_invalid`, or as the
   * `StepUpError` thrown.
   */
  beforeCeremony?(): void | Promise<void>;
  /** Replaces the built-in OpenID Connect flow: obtain the token with the app's own library. */
  authenticate?(request: AuthenticateRequest): Promise<string | AuthenticateResult>;
  /** Refuse what cannot be checked (no ID token). Default `true`, with `authenticate` `false`. */
  requireVerified?: boolean;
  /** Step-ups for one request at most. Default 2. */
  maxRounds?: number;
  /**
   * The dialog in the page, where a click is needed or a choice is to be made. Settings of the
   * package's own, a function that shows the app's, or `false` for none: then a window that needs a
   * click fails with `popup_blocked`, a passkey is asked for without one and fails with its own code
   * at once, and a window that may be gone is waited for.
   */
  gate?: GateOptions | OwnGate | false;
  /** How long the user may take. Default 300. */
  promptTimeout?: Seconds;
  /**
   * Whether a token obtained by step-up is renewed by its refresh token (RFC 6749 §6) when an API answers
   * a request that carried it with `invalid_token` (RFC 6750 §3.1); the request is sent once more then.
   * Default `false`: what was proved ends with its token, and a refresh token is forgotten. It is called
   * `renew` since it makes the token new, and nothing else: acr and the time of the authentication stay
   * what they were (RFC 9470 §6.1), so that it answers no challenge and no `ensure()`.
   *
   * For long sessions at APIs without a `maxAge`. Only a token whose ID token was checked is renewed, at the
   * `token_endpoint` of the provider's metadata. The provider must give refresh tokens to this client
   * (many want `scope: "openid offline_access"`), and rotate them (RFC 9700 §4.14.2). They are kept in
   * memory only, by the tab that got them. The API must let the page read `WWW-Authenticate`. For the
   * built-in flow: with `bff` or `authenticate` it is `configuration_invalid`, since a backend, and the
   * app's own library, renew their tokens themselves. The app's own session token is never renewed.
   */
  renew?: boolean;
  /**
   * Requests that are known to need step-up: they ask first, as by `ensure()`, and are sent once, with
   * what was obtained; a challenge's round trip is saved. Nobody is asked where what is held, or the
   * session's own ID token, is enough. Of several rules that match, all that they demand is asked for,
   * once; where no answer can satisfy all, the request rejects with `configuration_invalid`. If the API
   * demands more, that is a challenge like any other; if it demands the same, `loop_detected`.
   *
   * A rule is the app's own wish: it knows no cool-down and no ceiling of scopes, so keep requests that
   * nobody waits for (polling) out of it. Inside a click a window is opened at once, where the rules are
   * loaded (by `preload()`, else with the first request to an API) and tell without waiting. Where they
   * cannot be loaded, requests leave without them (`diagnostic`: `rules_unavailable`).
   */
  rules?: Rule[];
  /**
   * Whether what a challenge demands is remembered for the life of the page, by method, origin and path,
   * so that the next request of the kind asks first, or brings the right token. Default `false`.
   *
   * What was demanded of one request may have been for its body only. So what is remembered is put to the
   * test: after one prompt on its word, and then, while it holds, after two, and after four at a time, the
   * next request that would need a prompt leaves as it is. If it goes through without a challenge, nothing
   * is remembered of that kind any more. It keeps no request from leaving during a cool-down. `clear()`
   * forgets it, and so does another user; fifty kinds are remembered at most.
   */
  rememberRequirements?: boolean;
  /** How long options that `prepare()` has fetched may lie about. Default 120. */
  prepareTtl?: Seconds;
  /** How long requests that were saved for a redirect may wait for the user to come back. Default 300. */
  pendingTtl?: Seconds;
  /** How long another tab may ask the user before they may go on in this one. Default 30. */
  turnTimeout?: Seconds;
  /**
   * How long one request to the authorization server or the backend may take, and the body of a
   * challenge that may carry options; a fraction counts, and 0 is no time. Default 15.
   */
  requestTimeout?: number;
  /**
   * Whether access tokens must be bound to a key of this browser (RFC 9449). A Bearer token in the
   * place of a bound one is refused (`downgrade_refused`). The key (ES256) is made once, and no script
   * can read its private half; it is kept in IndexedDB, survives a redirect, and is deleted by
   * `clear()`. Where nothing can be stored it lives as long as the page. Each request with a held token
   * proves that the key is held (`DPoP`), and is repeated once where the server wants a nonce in the
   * proof. What `session()` gives stays a Bearer token. Not with `bff` or `authenticate`. Default
   * `false`.
   */
  dpop?: boolean;
  /**
   * Whether authorization requests are pushed to the provider before the user is sent there (RFC 9126),
   * so that what is asked for is in no address. Default: where its metadata demands it
   * (`require_pushed_authorization_requests`). With `true` a provider without an endpoint for it is
   * `metadata_invalid`. The window opens before, inside the click. Not with `bff` or `authenticate`.
   */
  par?: boolean;
  /**
   * Where the wasm comes from, for bundlers and policies that need to know. Default: beside this
   * file. One source is for the core; name both to replace both.
   */
  wasm?: WasmSource | { core?: WasmSource; idToken?: WasmSource };
}

/** What a rule's functions see of a request. */
export interface RuleRequest {
  /** Absolute. */
  readonly url: string;
  readonly method: string;
  /** A copy. */
  readonly headers: Headers;
  /** What the app has said with this request. */
  readonly stepup: Readonly<StepUpInit>;
  /**
   * The body, as often as one likes: it is sent all the same. Of an async iterable that is no stream it
   * cannot be read (`replay_unavailable`).
   */
  text(): Promise<string>;
  json(): Promise<any>;
  formData(): Promise<FormData>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The parts of a `URLPattern` (URL Pattern §1.2); a part that is left out matches anything. */
export interface RulePatternInit {
  protocol?: string;
  username?: string;
  password?: string;
  hostname?: string;
  port?: string;
  pathname?: string;
  search?: string;
  hash?: string;
  baseURL?: string;
}

/** A request that is known to need step-up. Only requests to the `apis` are looked at. */
export interface Rule {
  /** Default: any. */
  method?: string | string[];
  /**
   * Which URLs: a pattern in the syntax of `URLPattern`, relative to the API that the request is for
   * (`"/transfers/:id"`; below its `pathPrefix`: `"./transfers/:id"`), its parts, or a `URLPattern`. A
   * string that names no query matches any. Default: all of the APIs.
   */
  url?: string | RulePatternInit | { test(url: string): boolean };
  /**
   * Looks at the request: an amount over a threshold, a risk signal. Left out, all requests that match
   * ask first. If it throws, the request is not sent and rejects with `configuration_invalid`, or as the
   * `StepUpError` thrown: a rule that cannot be judged is not passed over, since the app relies on it.
   */
  when?(request: RuleRequest): boolean | Promise<boolean>;
  /**
   * What must be proved before it is sent, or a function that tells; nothing, if it tells nothing. If it
   * throws, that is as for `when`.
   */
  require: Requirement | ((request: RuleRequest) =>
    Requirement | null | undefined | Promise<Requirement | null | undefined>);
}

/** What `init.stepup` may hold. */
export interface StepUpInit {
  /** Shown to the user as plain text when a prompt needs a click. */
  reason?: string;
  /** The app's own mark for this request; comes back in events. */
  tag?: string;
  /** The methods that are admitted for this request, of those that are configured, in their order. Default: all. */
  methods?: Method[];
  /**
   * Sent as `Idempotency-Key` with a request that is not safe (RFC 9110 §9.2.1), the same at each send:
   * a string as it is, `true` for a random UUID. An API of another origin must allow the header
   * (`Access-Control-Allow-Headers`).
   */
  idempotencyKey?: string | true;
  /** What this request is about in particular: what a step-up for it asks for besides (`Requirement`). */
  authorizationDetails?: AuthorizationDetail[];
  /** The gate for this request, in place of the one in the options. */
  gate?: GateOptions | OwnGate | false;
}

export interface EnsureOptions extends Requirement {
  reason?: string;
  signal?: AbortSignal;
  /** The methods that are admitted, of those that are configured, in their order. Default: all. */
  methods?: Method[];
  /** The gate for this call, in place of the one in the options. */
  gate?: GateOptions | OwnGate | false;
}

/** What is proved, never a bare token. */
export interface Assurance {
  /** The level that holds now, by its name, where the option `levels` has it. */
  level?: string;
  acr?: string;
  amr?: string[];
  authTime?: EpochSeconds;
  scope: string[];
  /** Whether a checked ID token stands behind this. */
  verified: boolean;
  /** When the user authenticated, by this machine's clock; where that is not known, when it was received. */
  since: EpochMillis;
  /**
   * When the token behind it expires (the access token, or the session's own ID token), or `level`
   * ceases to hold. With a backend, until when `ensure()` rests on it: five minutes at most.
   */
  until: EpochMillis;
}

/** How requests that were saved for a redirect are sent again. */
export interface ResumeOptions {
  /**
   * `"all"` (default): the user has just confirmed exactly these requests, in this tab, within
   * `pendingTtl`, and each leaves once. `"safe"`: those whose method changes nothing (RFC 9110 §9.2.1);
   * for the others, as for all with `"ask"`, the result has `send` and `discard`.
   */
  replay?: "all" | "safe" | "ask";
}

/** A request that was saved for a redirect. */
export interface ResumedRequest {
  request: { method: string; url: string };
  /** The app's own mark. */
  tag?: string;
  /** Where it was sent. */
  response?: Response;
  /** Where it was not sent, or came to nothing. */
  error?: unknown;
  /**
   * Where it is for the app to decide: sends it, once; called again, the same promise. Rejects with
   * `pending_expired` after `pendingTtl`, with `session_changed` after `clear()`, and with `aborted`
   * after `discard()`.
   */
  send?(): Promise<Response>;
  /** Gives it up. */
  discard?(): void;
}

/** What there is when the user is back from a redirect. */
export interface Resumed {
  /** The path, query and hash that the user left from. */
  returnTo: string;
  /** What was proved. */
  assurance?: Assurance;
  /** Why nothing was. */
  error?: unknown;
  results: ResumedRequest[];
}

/** The parts every event has. */
interface EventBase {
  /** One step-up has one id; `""` where the event belongs to none. */
  flow: string;
  at: EpochMillis;
}

export interface StepUpEvents {
  /** An API demanded step-up. `request` is the same in `retry` and `settled`. */
  challenge: EventBase & {
    request: string; tag?: string; method: string; url: string; status: number; requirement: Requirement;
  };
  /**
   * A request asks before it leaves: a rule says so, or what is remembered of a challenge. `request` is
   * the same in `settled`, whose outcome is `"assurance"` where the session was enough, and the request
   * left as any other.
   */
  demand: EventBase & {
    request: string; tag?: string; method: string; url: string; requirement: Requirement; by: "rule" | "memory";
  };
  /**
   * The user is asked: `shown` is the window itself, the browser's own passkey dialog, or the button
   * of the gate that asks for a click first; `page` where this page is left.
   */
  prompt: EventBase & {
    method: Method | "authenticate"; shown: "window" | "page" | "dialog" | "button"; reason?: string;
  };
  /** A request the SDK itself made. `url` has no query; `status` is 0 where there was no answer. */
  request: EventBase & {
    target: "metadata" | "token" | "jwks" | "api" | "passkey_options" | "passkey_token" | "authorization_challenge" | "pushed_authorization" | "resource_metadata";
    method: string; url: string; status: number; duration: Millis;
  };
  authenticated: EventBase & Assurance;
  /** The original request leaves again; with the `flow` `""` where a token was held, or renewed. */
  retry: EventBase & { request: string; tag?: string; method: string; url: string };
  /**
   * A challenged request, one that asked first, one whose token was to be renewed, or an `ensure()` has its outcome. `status` is missing where the request
   * failed on the way; `code` is `"aborted"` for the caller's own abort.
   */
  settled: EventBase & { request: string; tag?: string; outcome: "response" | "assurance" | "error"; status?: number; code?: StepUpErrorCode };
  /** Something the developer should know. Also printed by `console.warn`, once. */
  diagnostic: EventBase & { code: "challenge_unreadable" | "challenge_ignored" | "detect_failed" | "session_failed" | "nonce_unreadable" | "resource_metadata_unreadable" | "rules_unavailable" | "rule_unreachable"; message: string };
}

export interface StepUp extends EventTarget {
  /**
   * `fetch`, with step-up for the configured APIs (RFC 9470 §3, RFC 6750 §3.1).
   * Rejects with a `StepUpError` if the step-up fails, with `init.signal`'s reason if that fires,
   * and as `fetch` does otherwise.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit & { stepup?: StepUpInit }): Promise<Response>;
  /**
   * Steps up before a request, or guards a page. Looks first at what is held, then at the session's own
   * ID token, which is checked (once): if that proves enough, nobody is asked, so a reload with a fresh
   * one does not prompt. Called inside a click, before any `await`, it opens the window there, where
   * the popup is the first method that can do, and nothing that is held, or that the ID token seems to
   * say, is enough. Outside of one it opens none before the session was looked at. Without a request there is no API to tell the `resource`: the
   * first one's is used. Rejects as `fetch` does.
   */
  ensure(options?: EnsureOptions): Promise<Assurance>;
  /**
   * What is proved now: by a token that is held, or by the session's own ID token as it was last looked
   * at. Of several, the highest level, then what is verified, then the newest. Judged anew on each
   * read; undefined where nothing is held. Loads nothing.
   */
  readonly assurance: Assurance | undefined;
  /**
   * The access token held for a requirement, if one satisfies it now; of the first API's `resource`. If
   * that API takes a token once, it is the app's from then on, and goes with no request of `fetch`. With
   * `dpop` it is bound to a key, and worth nothing without the proofs that `fetch` makes.
   */
  token(requirement?: Requirement): string | undefined;
  /**
   * Takes up what this tab was left for by a redirect. Call it once the page has loaded, after your own
   * sign-in is restored. `null` where the user is not back from one, and where another page has taken it
   * up. Called again, or on a reload, in another tab, or after Back, nothing is sent a second time; called
   * at once by several SDKs of one page with one provider, all get the same. Rejects with
   * `state_mismatch` for a response that is not the awaited one (what was saved is kept), with
   * `pending_expired` where what was saved is gone, and with `interrupted` where a page before this one
   * took it up and was left: the API knows whether the requests were done. After `storage_unavailable` or
   * `wasm_unavailable` it can be called again.
   */
  resume(options?: ResumeOptions): Promise<Resumed | null>;
  /**
   * Fetches the wasm, what `rules` need, and the metadata and keys of `issuer`, ahead of the first request.
   * Settles when all has come, so after up to two time limits of a request where the provider does not answer: do not
   * wait for it before the page is shown. Rejects with `wasm_unavailable`; a provider that cannot be reached is
   * asked again at the step-up.
   */
  preload(): Promise<void>;
  /**
   * Fetches options for a passkey ahead, for a rule whose `require` is no function, or for a requirement:
   * when the form is shown, for example. The next step-up that they serve uses them, once, within
   * `prepareTtl`, so that a request that asks first takes two requests after the click: the assertion, and
   * itself. With a provider, its metadata and keys are read as well. Prompts nobody. Resolves to whether
   * there are any: not where a passkey is not the first method, where only challenges carry options, or
   * where the server gave none; then they are asked for when they are needed. Without a request there is
   * no API to tell the `resource`: the first one's is used. Rejects with `wasm_unavailable`, and with
   * `configuration_invalid` for a rule whose `require` is a function.
   */
  prepare(what: Rule | Requirement): Promise<boolean>;
  /** Replaces `globalThis.fetch` and returns the undo. */
  install(): () => void;
  /**
   * Forgets every token and cancels what is in progress (`session_changed`). Call it on logout, when the answer
   * to the logout call is there: a request to one of the APIs that waits, for a step-up or in the page's first
   * moments for the SDK itself, is not sent any more. A request that has already been sent again keeps its answer.
   * The other tabs of the app are told before it returns, or where the browser refuses storage, as in a worker, once
   * the SDK is loaded. It does not throw.
   */
  clear(): void;
  addEventListener<K extends keyof StepUpEvents>(
    type: K, listener: (event: CustomEvent<StepUpEvents[K]>) => void, options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof StepUpEvents>(
    type: K, listener: (event: CustomEvent<StepUpEvents[K]>) => void, options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions,
  ): void;
}

export function createStepUp(options: StepUpOptions): StepUp;

/**
 * Parses `WWW-Authenticate` (RFC 9110 §11.6.1). Also runs in Node. Malformed challenges are left out.
 * Rejects with `challenge_rejected` for a header beyond the bounds, and with `wasm_unavailable`.
 */
export function parseChallenges(
  input: string | Headers | Response, options?: { wasm?: WasmSource },
): Promise<Challenge[]>;

/** Settings of one passkey ceremony. */
export interface PasskeySettings {
  /** Ends it at once, with this signal's reason. An assertion that comes later is dropped. */
  signal?: AbortSignal;
  /**
   * How the user is involved (Credential Management §2.3.2), handed to the browser as it is:
   * `"conditional"` for the browser's autofill, for example. Default: the browser's, `"optional"`.
   * A ceremony that waits for autofill is under way like any other: end it by its `signal` before
   * the next.
   */
  mediation?: "silent" | "optional" | "conditional" | "required";
  /**
   * Awaited before the user is asked, after the options have been read: the place to end a ceremony
   * of the app's own. If it throws, the ceremony fails with `configuration_invalid`, or as the
   * `StepUpError` thrown.
   */
  beforeCeremony?(): void | Promise<void>;
  /** Where the wasm comes from, if not from beside this file. */
  wasm?: WasmSource;
}

/** A credential as options list it (WebAuthn Level 3 §5.8.3). Bytes are base64url everywhere. */
export interface PasskeyDescriptorJSON {
  id: string;
  type: string;
  transports?: string[];
}

/** The values that PRF is evaluated on (WebAuthn Level 3 §10.1.4). */
export interface PasskeyPrfValuesJSON {
  first: string;
  second?: string;
}

/** Inputs of extensions (WebAuthn Level 3 §9). Those that are not named here are passed on too. */
export interface PasskeyExtensionsJSON {
  appid?: string;
  appidExclude?: string;
  credProps?: boolean;
  largeBlob?: { support?: string; read?: boolean; write?: string };
  prf?: { eval?: PasskeyPrfValuesJSON; evalByCredential?: Record<string, PasskeyPrfValuesJSON> };
  [extension: string]: any;
}

/** `PublicKeyCredentialRequestOptionsJSON` (WebAuthn Level 3 §5.1.9). */
export interface PasskeyRequestOptionsJSON {
  challenge: string;
  timeout?: Millis;
  /** Default: the page's own domain. */
  rpId?: string;
  /** Empty or missing: the user chooses among those that the authenticator knows. */
  allowCredentials?: PasskeyDescriptorJSON[];
  /** `"required"`, `"preferred"` (default) or `"discouraged"`. */
  userVerification?: string;
  /** `"security-key"`, `"client-device"`, `"hybrid"`, the preferred first. */
  hints?: string[];
  extensions?: PasskeyExtensionsJSON;
}

/** `PublicKeyCredentialCreationOptionsJSON` (WebAuthn Level 3 §5.1.8). */
export interface PasskeyCreationOptionsJSON {
  rp: { id?: string; name: string };
  /** The `id` has 1 to 64 bytes, and tells nothing about the user (WebAuthn Level 3 §14.6.1). */
  user: { id: string; name: string; displayName: string };
  challenge: string;
  pubKeyCredParams: { type: string; alg: number }[];
  timeout?: Millis;
  /** Who has one of these already gets `passkey_exists`. */
  excludeCredentials?: PasskeyDescriptorJSON[];
  authenticatorSelection?: {
    authenticatorAttachment?: string;
    residentKey?: string;
    requireResidentKey?: boolean;
    userVerification?: string;
  };
  hints?: string[];
  /** Default `"none"`. */
  attestation?: string;
  attestationFormats?: string[];
  extensions?: PasskeyExtensionsJSON;
}

/** Results of extensions, bytes as base64url: those of PRF are secrets of the user. */
export interface PasskeyExtensionResultsJSON {
  appid?: boolean;
  appidExclude?: boolean;
  credProps?: { rk?: boolean };
  largeBlob?: { supported?: boolean; blob?: string; written?: boolean };
  prf?: { enabled?: boolean; results?: PasskeyPrfValuesJSON };
  [extension: string]: any;
}

/** `AuthenticationResponseJSON` (WebAuthn Level 3 §5.1): to be sent to the server as it is. */
export interface AuthenticationResponseJSON {
  id: string;
  rawId: string;
  type: "public-key";
  response: {
    clientDataJSON: string;
    authenticatorData: string;
    signature: string;
    /** The user's id, if the authenticator knows it. */
    userHandle?: string;
  };
  authenticatorAttachment?: "platform" | "cross-platform";
  clientExtensionResults: PasskeyExtensionResultsJSON;
}

/** `RegistrationResponseJSON` (WebAuthn Level 3 §5.1): to be sent to the server as it is. */
export interface RegistrationResponseJSON {
  id: string;
  rawId: string;
  type: "public-key";
  response: {
    clientDataJSON: string;
    attestationObject: string;
    /** Missing in browsers that have no `getAuthenticatorData()`; it is in the attestation object. */
    authenticatorData?: string;
    transports: string[];
    /** DER SubjectPublicKeyInfo; missing for an algorithm that the browser does not know. */
    publicKey?: string;
    publicKeyAlgorithm?: number;
  };
  authenticatorAttachment?: "platform" | "cross-platform";
  clientExtensionResults: PasskeyExtensionResultsJSON;
}

/**
 * What the browser says it can do (WebAuthn Level 3 §5.1.7), by the names of the standard:
 * `conditionalGet`, `hybridTransport`, `userVerifyingPlatformAuthenticator`, `extension:prf`, …
 * A missing key means that it is not known.
 */
export type PasskeyCapabilities = Partial<Record<string, boolean>>;

/**
 * The browser's passkey ceremonies, JSON in and JSON out, without a step-up around them. What is
 * answered has been checked by nobody yet: that is the server's task.
 *
 * One ceremony at a time: a second one waits once, for up to 5 seconds, and fails with
 * `passkey_busy` then. A window without focus is waited for. Rejects with the reason of the caller's
 * `signal`, or with a `StepUpError`:
 *
 * - `passkey_refused`: no passkey was used (`NotAllowedError` and whatever is as vague). Browsers do
 *   not tell whether the user said no, there was none, or nobody answered in time; so ask again only
 *   when the user wants it.
 * - `passkey_unavailable`: there is no WebAuthn here (in Node, for example), or no authenticator that
 *   can do what is asked for (`NotSupportedError`, `ConstraintError`).
 * - `passkey_busy`: also where the browser itself says that another ceremony is pending.
 * - `passkey_exists`: `create` only, where `excludeCredentials` forbids it.
 * - `configuration_invalid`: options or an rp id that cannot work, or a page without https.
 * - `embedding_blocked`: a frame that lacks `allow="publickey-credentials-get"` (or `-create`), where
 *   the browser lets that be known beforehand (WebAuthn Level 3 §5.9, §5.10).
 * - `wasm_unavailable`, `instance_dead`.
 *
 * Its `cause` is the browser's exception. The user's gesture is kept as far as the browser allows;
 * Safari before 17.4 wants one, and a first call loads the wasm.
 */
export const passkey: {
  /** Asks for an assertion: `navigator.credentials.get()` (WebAuthn Level 3 §5.1.4). */
  get(
    options: PasskeyRequestOptionsJSON, settings?: PasskeySettings,
  ): Promise<AuthenticationResponseJSON>;
  /** Registers a passkey: `navigator.credentials.create()` (WebAuthn Level 3 §5.1.3). */
  create(
    options: PasskeyCreationOptionsJSON, settings?: PasskeySettings,
  ): Promise<RegistrationResponseJSON>;
  /**
   * What the browser can do, without loading the wasm. Where the browser has no
   * `getClientCapabilities()`, its older questions answer for `conditionalGet` and
   * `userVerifyingPlatformAuthenticator`. Rejects with `passkey_unavailable` where there is no
   * WebAuthn, and with `configuration_invalid` outside of a secure context.
   */
  capabilities(): Promise<PasskeyCapabilities>;
};

/** Why a step-up failed. The list is closed; new codes are an API change. */
export type StepUpErrorCode =
  | "aborted"
  | "assurance_not_met"
  | "assurance_stale"
  | "assurance_unavailable"
  | "assurance_unverifiable"
  | "authenticate_failed"
  | "authorization_details_refused"
  | "authorization_refused"
  | "cancelled"
  | "challenge_rejected"
  | "configuration_invalid"
  | "downgrade_refused"
  | "embedding_blocked"
  | "id_token_invalid"
  | "instance_dead"
  | "interrupted"
  | "issuer_mismatch"
  | "key_unknown"
  | "loop_detected"
  | "metadata_invalid"
  | "origin_not_allowed"
  | "passkey_busy"
  | "passkey_exists"
  | "passkey_refused"
  | "passkey_unavailable"
  | "pending_expired"
  | "popup_blocked"
  | "prompt_suppressed"
  | "provider_unreachable"
  | "replay_unavailable"
  | "request_expired"
  | "resource_mismatch"
  | "response_malformed"
  | "scope_refused"
  | "session_changed"
  | "state_mismatch"
  | "storage_unavailable"
  | "subject_mismatch"
  | "subject_unknown"
  | "timed_out"
  | "token_refused"
  | "wasm_unavailable";

/** A step-up that failed. `cause` tells more to a developer, `response` is the unread challenge. */
export class StepUpError extends Error {
  readonly name: "StepUpError";
  readonly code: StepUpErrorCode;
  /** The challenge, unread, where a request was challenged: the last one if there were several. */
  readonly response?: Response;
  constructor(code: StepUpErrorCode, options?: { message?: string; cause?: unknown; response?: Response });
}

/** True for a `StepUpError`, also one of another copy of this package. */
export function isStepUpError(value: unknown): value is StepUpError;
