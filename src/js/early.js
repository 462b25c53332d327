// @ts-check
/** A request that was made before the loader was there, as it was at the call. */

import { isPlain } from "./call.js";

/**
 * What a call to `fetch` asked for. Its body is of the kind that it was then: a `Request` keeps that
 * only as bytes, which not every engine can send again.
 * @param {RequestInfo | URL} input
 * @param {RequestInit & { stepup?: import("./index.d.ts").StepUpInit }} init what the caller's had, but not copies of it
 * @param {Request} request made of both at the call
 * @param {[string, FormDataEntryValue][]} [entries] those of a form or a query, at the call
 * @param {(RequestInit & { stepup?: import("./index.d.ts").StepUpInit }) | null} [theirs] the caller's own
 * @returns {Promise<[RequestInfo, RequestInit]>}
 */
export const asItWas = async (input, init, request, entries, theirs) => {
  const whole = theirs && !isPlain(theirs) ? theirs : /** @type {Request} */ (input).url ? init : undefined;
  if (whole) return [request, /** @type {RequestInit} */ ({ stepup: whole.stepup })];
  const headers = new Headers(request.headers);
  let body = /** @type {any} */ (init.body);
  if (entries) {
    const again = new body.constructor();
    for (const [name, value] of entries) again.append(name, value);
    // It names the boundary between the parts of what nobody sends.
    if (/^multipart\/form-data/i.test(headers.get("Content-Type") ?? "")) headers.delete("Content-Type");
    body = again;
  } else if (body?.byteLength !== undefined) body = new Uint8Array(await request.arrayBuffer());
  // The Request has taken it over.
  else if (body?.getReader || body?.[Symbol.asyncIterator]) body = request.body ?? body;
  return [request.url, { ...init, headers, body }];
};
