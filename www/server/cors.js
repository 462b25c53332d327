/**
 * Which page may call the API, and what it may read (Fetch Standard §3.2, the CORS protocol).
 * @module
 */

/** Request headers that the API understands. */
const HEADERS = "Authorization, Content-Type, DPoP, Idempotency-Key";
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";

/**
 * Sets the headers of any answer, and answers a preflight. Returns whether it did the latter.
 * @param {import("./http.js").Request} req
 * @param {import("./http.js").Response} res
 * @param {object} policy
 * @param {string} policy.origin the one page that may
 * @param {boolean} policy.exposeChallenge whether it may read `WWW-Authenticate` and `DPoP-Nonce`
 * @param {boolean} policy.anyHeader whether it may send any header it likes
 */
export function cors(req, res, { origin, exposeChallenge, anyHeader }) {
  const allowed = req.headers.origin === origin;
  const preflight = req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
  // The answer differs by origin, also where it has no CORS headers: a cache must know.
  res.setHeader("Vary", preflight ? "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" : "Origin");
  if (allowed) res.setHeader("Access-Control-Allow-Origin", origin);
  if (!preflight) {
    if (allowed && exposeChallenge) res.setHeader("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce");
    return false;
  }
  if (allowed) {
    res.setHeader("Access-Control-Allow-Methods", METHODS);
    res.setHeader("Access-Control-Allow-Headers", anyHeader ? req.headers["access-control-request-headers"] ?? HEADERS : HEADERS);
    res.setHeader("Access-Control-Max-Age", "600");
  }
  res.writeHead(allowed ? 204 : 403);
  res.end();
  return true;
}
