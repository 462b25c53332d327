// @ts-check
/** A request to one of the app's APIs, kept so that it can be sent again. */

import { StepUpError } from "./error.js";

/**
 * @typedef {import("./index.d.ts").Api} Api
 * @typedef {import("./index.d.ts").Csrf} Csrf
 * @typedef {import("./index.d.ts").StepUpInit} StepUpInit
 * @typedef {(input: RequestInfo | URL, init?: RequestInit) => Promise<Response>} Fetch
 * @typedef {{
 *   url: string, method: string, api: Api, index: number, replayable: boolean,
 *   signal?: AbortSignal | null, stepup: StepUpInit, serial?: number, onTrial?: boolean, sentAt: number, clickedAt?: number,
 *   request?: Request, init: RequestInit,
 *   send: (native: Fetch, token?: string, again?: boolean, proof?: string) => Promise<Response>,
 * }} Call
 */

/** Requests of the SDK itself, to the provider: no wrapper of ours may touch them. */
/** @type {WeakSet<object>} */
export const own = new WeakSet();

/** When the user last clicked or typed, once somebody looks. @type {{ last?: number }} */
export const clicks = {};

/**
 * Copies a body that its owner may change after the call (Fetch §5.2 reads it at the call as well);
 * a Blob or File is immutable and kept by reference.
 * @param {any} body
 */
const copy = (body) => {
  if (body instanceof ArrayBuffer) return body.slice(0);
  if (ArrayBuffer.isView(body))
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof FormData) {
    const entries = new FormData();
    body.forEach((value, name) => entries.append(name, /** @type {any} */ (value)));
    return entries;
  }
  return body;
};

/** Whether all that it says is its own: a Request, or an instance of the app's, says the most by its class. @param {object} init */
export const isPlain = (init) => {
  const prototype = Object.getPrototypeOf(init);
  // That of a frame's `{}` is another object.
  return !prototype || !Object.getPrototypeOf(prototype);
};

/** What the caller has set, as far as it may be changed after the call. @param {HeadersInit} [headers] */
const headersOf = (headers) =>
  !headers || isPlain(headers) ? { ...headers } : new Headers(headers);

/**
 * Takes down what a call to `fetch` asks for, before any of it is used up.
 * @param {RequestInfo | URL} input
 * @param {RequestInit & { stepup?: StepUpInit }} given
 * @param {string} url
 * @param {Api} api
 * @param {number} index
 * @param {Csrf} [csrf]
 * @returns {Call}
 */
export const keep = (input, given, url, api, index, csrf) => {
  const plain = isPlain(given);
  const { stepup = {}, ...init } = plain ? given : { stepup: given.stepup };
  const ready = input instanceof Request;
  // A Request is cloned before it is used: its body cannot be read twice.
  const request = ready || !plain ? new Request(ready ? input : url, plain ? init : given) : undefined;
  const headers = request ? request.headers : headersOf(init.headers);
  const body = /** @type {any} */ (init.body);
  const kept = { ...init, body: copy(body), headers };
  const wanted = (request ?? init).redirect ?? "follow";
  const method = request?.method ?? init.method?.toUpperCase() ?? "GET";
  const unsafe = !/^(GET|HEAD|OPTIONS)$/.test(method);
  // Read anew for each send: a backend changes it when it raises the session.
  const guard = csrf && unsafe ? csrf : undefined;
  let { idempotencyKey } = stepup;
  // Made once: it is what tells the API that two requests are one.
  if (idempotencyKey === true) idempotencyKey = unsafe ? crypto.randomUUID() : undefined;
  /**
   * Waits for nothing: not even a promise of its own is made where nothing is to be looked at.
   * @type {(native: Fetch, token?: string, again?: boolean, proof?: string, guarding?: string) => Promise<Response>}
   */
  const send = (native, token, again, proof, guarding) => {
    /** What is ours alone needs no list of headers, which costs more than all else here. @type {Record<string, string>} */
    const ours = {};
    if (token) ours.Authorization = `${proof ? "DPoP" : "Bearer"} ${token}`;
    if (proof) ours.DPoP = proof;
    if (guard) ours[guard.header] = /** @type {string} */ (guarding);
    if (unsafe && idempotencyKey) ours["Idempotency-Key"] = idempotencyKey;
    const all = request || init.headers ? new Headers(headers) : undefined;
    if (all) {
      // A proof that the caller has made is for another token.
      if (token) all.delete("DPoP");
      for (const [name, value] of Object.entries(ours)) all.set(name, value);
    }
    const guarded = wanted === "follow" && (token || guard || all?.has("Authorization"));
    // The browser would take `Authorization` off on the way to another origin, but no proof, nor the
    // header against forged requests.
    const follows = guarded && !guard && !proof && !all?.has("DPoP") && api.redirects === "same-origin";
    const redirect = guarded && !follows ? "manual" : wanted;
    // The browser may have kept the challenge (RFC 9111 §3); wanted is what the API says now. What is not
    // read is never answered by what was kept, and would only cost another preflight.
    const unkept = again && !unsafe && ((request ?? init).cache ?? "default") === "default";
    /** @type {RequestInit} */
    const how = { headers: all ?? ours, redirect };
    if (unkept) how.cache = "reload";
    let answer;
    if (request) {
      // Any init makes a new Request forget its referrer (Fetch §5.4), so that is said again.
      const { referrer, referrerPolicy } = request;
      answer = native(new Request(request.clone(), { referrer, referrerPolicy, ...how }));
    } else answer = native(url, { ...kept, ...how });
    if (!guarded) return answer;
    return Promise.resolve(answer).then((response) => {
      // A token does not travel along a redirect, and nobody learns where it would have gone.
      if (
        response.type === "opaqueredirect" ||
        (follows && new URL(response.url).origin !== new URL(url).origin)
      )
        throw new StepUpError("origin_not_allowed", { message: "a redirect", response });
      return response;
    });
  };
  return {
    url,
    api,
    index,
    // What was asked for, with the caller's own headers: what a redirect saves.
    request,
    init: kept,
    stepup: { ...stepup, idempotencyKey },
    sentAt: Date.now(),
    clickedAt: clicks.last,
    method,
    signal: request ? request.signal : init.signal,
    // A stream is gone once it is sent. `ensure()` before the request is the way.
    replayable: !!request || !(body?.getReader || body?.[Symbol.asyncIterator]),
    send: guard
      ? async (native, token, again, proof) => send(native, token, again, proof, await guard.token())
      : send,
  };
};
