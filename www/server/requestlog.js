/**
 * A record of every request, so that a test can count what was really sent.
 * @module
 */
import { AGENT } from "./backchannel.js";
import { target } from "./http.js";

/**
 * @typedef {object} Entry
 * @property {number} n order of arrival, from 1
 * @property {number} at milliseconds since the epoch
 * @property {string} role who was asked: `app`, `api` or `auth`
 * @property {"page" | "bff"} from who asked: a browser, or the backend-for-frontend
 * @property {boolean} preflight whether it only asks for leave (Fetch Standard §3.2.2)
 * @property {string} host as the request named it, without the port
 * @property {string} method
 * @property {string} path
 * @property {string} query as sent, without the question mark
 * @property {Record<string, string>} headers names in lower case; a repeated header joined with `, `
 * @property {number} status 0 until the answer begins
 */

export class RequestLog {
  /** @type {Entry[]} */
  #entries = [];
  #n = 0;

  /**
   * @param {import("./http.js").Request} req
   * @param {import("./http.js").Response} res
   * @param {string} role
   * @returns {Readonly<Entry>}
   */
  add(req, res, role) {
    const { path, query } = target(req);
    /** @type {Entry} */
    const entry = {
      n: ++this.#n,
      at: Date.now(),
      role,
      from: req.headers["user-agent"] === AGENT ? "bff" : "page",
      preflight: req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined,
      host: (req.headers.host ?? "").replace(/:\d+$/, ""),
      method: req.method ?? "",
      path,
      query,
      headers: verbatim(req.rawHeaders),
      status: 0,
    };
    this.#entries.push(entry);
    // Taken down with the head: who has read the answer, which may be before it is ended here, finds
    // its status.
    const writeHead = res.writeHead.bind(res);
    res.writeHead = (/** @type {number} */ status, /** @type {any[]} */ ...rest) => {
      entry.status = status;
      return writeHead(status, ...rest);
    };
    return entry;
  }

  /** @returns {readonly Entry[]} */
  get entries() {
    return this.#entries;
  }

  clear() {
    this.#entries = [];
  }
}

/**
 * Node's own `headers` drops a second `Authorization`; here it would show.
 * @param {string[]} raw
 */
function verbatim(raw) {
  /** @type {Record<string, string>} */
  const headers = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    const value = raw[i + 1] ?? "";
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
