// @ts-check
/** A request as it is saved while its page is left: all that `fetch` was asked for, but no credentials. */

import { placeOf } from "./apis.js";
import { keep } from "./call.js";
import { StepUpError } from "./error.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./index.d.ts").StepUpInit} StepUpInit
 * @typedef {{
 *   method: string, url: string, headers: [string, string][], mode: RequestMode,
 *   credentials: RequestCredentials, cache: RequestCache, redirect: RequestRedirect, referrer: string,
 *   referrerPolicy: ReferrerPolicy, integrity: string, keepalive: boolean, priority?: RequestPriority,
 *   stepup: Pick<StepUpInit, "reason" | "tag" | "methods" | "idempotencyKey" | "authorizationDetails">,
 *   sentAt: number,
 * }} Head plain JSON
 */

/** What proves who sends: a token is given anew at the next send, and cookies are the browser's. */
const CREDENTIALS = /^(authorization|proxy-authorization|cookie2?|dpop)$/;

/** How many bytes a body has at least, without reading it. @param {any} body @returns {number} */
const atLeast = (body) =>
  body instanceof FormData
    ? [...body.values()].reduce((sum, value) => sum + atLeast(value), 0)
    : (body?.size ?? body?.byteLength ?? body?.length ?? 0);

/** A name in a part's head (HTML §4.10.21.8). @param {string} text */
const quoted = (text) => `"${text.replace(/[\r\n"]/g, encodeURIComponent)}"`;

/** Line ends as forms have them. @param {string} text */
const lines = (text) => text.replace(/\r\n|\r|\n/g, "\r\n");

/**
 * A form as `multipart/form-data` (RFC 7578): WebKit cannot read a `Request` of one that has files.
 * @param {FormData} form
 */
const multipart = (form) => {
  const boundary = `----stepup${crypto.randomUUID()}`;
  /** @type {BlobPart[]} */
  const parts = [];
  form.forEach((value, name) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(lines(name))}`;
    const type = typeof value === "string" ? "" : value.type || "application/octet-stream";
    if (typeof value === "string")
      parts.push(`${head}\r\n\r\n`, lines(value), "\r\n");
    else
      parts.push(
        `${head}; filename=${quoted(value.name)}\r\nContent-Type: ${type}\r\n\r\n`, value, "\r\n",
      );
  });
  return new Blob([...parts, `--${boundary}--\r\n`], {
    type: `multipart/form-data; boundary=${boundary}`,
  });
};

/** @type {Promise<boolean> | undefined} */
let lasting;

/**
 * Whether a form that is in a `Request` can be sent a second time. WebKit cannot read one that has files,
 * and sends them empty once nothing else in the page holds them.
 */
export const formsLast = () => {
  const body = new FormData();
  body.set("file", new Blob(["-"]));
  const probe = () => new Request("https://form.example", { method: "POST", body }).arrayBuffer();
  return (lasting ??= probe().then(() => true, () => false));
};

/**
 * What must be saved of a request: as plain JSON, and its body as the browser would send it, which
 * for a form means with the boundary that its `Content-Type` names. Rejects with `replay_unavailable`
 * for what cannot be read a second time, and with `storage_unavailable` for more than `room` bytes.
 * @param {Call} call @param {number} [room]
 * @returns {Promise<{ head: Head, body: ArrayBuffer | null }>}
 */
export const pack = async (call, room = Infinity) => {
  const { url, replayable, init, stepup, sentAt } = call;
  if (!replayable) throw new StepUpError("replay_unavailable", { message: "the body is a stream" });
  const full = () => new StepUpError("storage_unavailable", { message: `more than ${room} bytes` });
  // Before it is read: it may be of any size.
  if (!call.request && atLeast(init.body) > room) throw full();
  // Encoded here, once: the boundary of a form is another for each request that is made of it.
  const body = init.body instanceof FormData ? multipart(init.body) : init.body;
  const request = call.request?.clone() ?? new Request(url, { ...init, body, signal: null });
  let bytes;
  try {
    // A file is read as such; its type is in the request's headers already.
    const read = body instanceof Blob && !call.request ? body : request;
    bytes = await read.arrayBuffer();
  } catch (cause) {
    // A file that has changed or gone since it was chosen.
    throw new StepUpError("replay_unavailable", { message: "the body cannot be read", cause });
  }
  if (bytes.byteLength > room) throw full();
  const { method, mode, credentials, cache, redirect, referrer, referrerPolicy, integrity, keepalive } = request;
  const { reason, tag, methods, idempotencyKey, authorizationDetails } = stepup;
  return {
    head: {
      method,
      url,
      headers: [...request.headers].filter(([name]) => !CREDENTIALS.test(name)),
      mode,
      credentials,
      cache,
      redirect,
      referrer,
      referrerPolicy,
      integrity,
      keepalive,
      // Fetch §5.4: no `Request` tells it.
      priority: init.priority,
      stepup: { reason, tag, methods, idempotencyKey, authorizationDetails },
      sentAt,
    },
    // Not every browser has `Request.body`.
    body: request.body || bytes.byteLength ? bytes : null,
  };
};

/**
 * The request again, as a call that can be sent. Throws `origin_not_allowed` where its URL belongs to
 * none of the APIs any more.
 * @param {Head} head @param {ArrayBuffer | null} body @param {import("./apis.js").Place[]} apis
 * @param {import("./index.d.ts").Csrf} [csrf]
 * @returns {Call}
 */
export const unpack = ({ url, sentAt, ...init }, body, apis, csrf) => {
  const index = placeOf(apis, new URL(url));
  if (index < 0) throw new StepUpError("origin_not_allowed", { message: new URL(url).origin });
  return { ...keep(url, { ...init, body }, url, apis[index].api, index, csrf), sentAt };
};
