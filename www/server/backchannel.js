/**
 * Requests from one part of the server to another, over HTTP as between machines.
 * @module
 */
import { request } from "node:http";
import { HttpError } from "./http.js";

/** How the request log tells these requests from a browser's. */
export const AGENT = "bank-bff";
/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {Buffer} body
 */

/**
 * One request, redirects not followed; a 502 where there is no answer. Names below `localhost` do not
 * resolve outside of browsers, so the address is this machine and the host is named.
 * @param {string} address
 * @param {{ method?: string, headers?: Record<string, string>, body?: Buffer | string }} [init]
 * @returns {Promise<Reply>}
 */
export function call(address, { method = "GET", headers = {}, body = "" } = {}) {
  const url = new URL(address);
  return new Promise((resolve, reject) => {
    const fail = (/** @type {Error} */ cause) => reject(new HttpError(502, `${url.host} does not answer: ${cause.message}`));
    const bodied = body.length > 0 ? { "Content-Length": String(Buffer.byteLength(body)) } : {};
    const sent = request({
      host: "127.0.0.1", port: url.port, path: url.pathname + url.search, method, agent: false, timeout: PATIENCE,
      headers: { ...headers, ...bodied, Host: url.host, "User-Agent": AGENT },
    }, (res) => {
      /** @type {Buffer[]} */
      const chunks = [];
      res.on("data", (chunk) => chunks.push(chunk)).on("error", fail).on("end", () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("it took too long"))).on("error", fail).end(body);
  });
}
