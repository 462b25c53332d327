/**
 * Reading and answering plain HTTP.
 * @module
 */
import { IncomingMessage } from "node:http";

/**
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 */

/** An answer thrown from where the reason is known. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} message for the developer at the other end
   * @param {Record<string, unknown>} [more] further members of the problem
   */
  constructor(status, message, more = {}) {
    super(message);
    this.status = status;
    this.more = more;
  }
}

/**
 * The path and query of a request.
 * @param {Request} req
 */
export function target(req) {
  const [path = "/", ...rest] = (req.url ?? "/").split("?");
  return { path, query: rest.join("?") };
}

/**
 * The whole body, or a 413.
 * @param {Request} req
 * @param {number} limit bytes
 * @returns {Promise<Buffer>}
 */
export async function readBody(req, limit = 64 * 1024) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    // Read on, without keeping it: an answer before the end of an upload is lost in some browsers.
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw new HttpError(413, `the body is larger than ${limit} bytes`);
  return Buffer.concat(chunks);
}

/**
 * A request that has been read, as if it had not, and with this body.
 * @param {Request} req
 * @param {Buffer} body
 * @returns {Request}
 */
export function withBody(req, body) {
  const again = new IncomingMessage(req.socket);
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders } = req;
  Object.assign(again, { method, url, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders, complete: true });
  again.headers = { ...req.headers, "content-length": String(body.length) };
  delete again.headers["transfer-encoding"];
  again.push(body);
  again.push(null);
  return again;
}

/**
 * A JSON object out of the body, or a 415 or 400.
 * @param {Request} req
 * @returns {Promise<Record<string, unknown>>}
 */
export async function readJson(req) {
  const body = await readBody(req);
  const type = req.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new HttpError(415, "the body must be application/json");
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new HttpError(400, "the body is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpError(400, "the body must be a JSON object");
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * A form out of the body, in which no parameter comes twice (RFC 6749 §3.2); or a 415 or 400.
 * @param {Request} req
 * @returns {Promise<Partial<Record<string, string>>>}
 */
export async function readForm(req) {
  const body = await readBody(req);
  const type = req.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") throw new HttpError(415, "the body must be application/x-www-form-urlencoded");
  const pairs = [...new URLSearchParams(body.toString("utf8"))];
  const form = Object.fromEntries(pairs);
  if (Object.keys(form).length < pairs.length) throw new HttpError(400, "a parameter comes twice");
  return form;
}

/**
 * @param {Response} res
 * @param {number} status
 * @param {unknown} value
 * @param {string} [type]
 */
export function sendJson(res, status, value, type = "application/json") {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(status, {
    "Content-Type": type,
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  res.end(body);
}

/**
 * A problem document (RFC 9457).
 * @param {Response} res
 * @param {number} status
 * @param {string} detail
 * @param {Record<string, unknown>} [more]
 */
export function sendProblem(res, status, detail, more = {}) {
  sendJson(res, status, { status, detail, ...more }, "application/problem+json");
}

/**
 * Answers with what was thrown; what was not foreseen is printed and becomes a bare 500.
 * @param {Response} res
 * @param {unknown} error
 */
export function sendError(res, error) {
  if (!(error instanceof HttpError)) console.error(error);
  if (res.headersSent) {
    res.destroy();
  } else if (error instanceof HttpError) {
    sendProblem(res, error.status, error.message, error.more);
  } else {
    sendProblem(res, 500, "the server failed");
  }
}
