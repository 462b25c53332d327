/**
 * Paths of the API that only tests need: answers a client must get right, and an echo of what it sent.
 * @module
 */
import { createHash } from "node:crypto";
import { TRANSFER } from "./api.js";
import { readBody, sendJson, target } from "./http.js";
import { Challenge, insufficient, invalidToken } from "./tokens.js";

/** Enough for the largest upload that a test makes. */
const LIMIT = 128 * 1024 * 1024;

/**
 * @param {import("./api.js").TokenCheck} check
 * @param {import("./revocations.js").Revocations} revocations
 * @returns {Record<string, import("./api.js").Handler>}
 */
export function createProbes(check, revocations) {
  let turns = 0;
  return {
    "/echo": async (req, res) => {
      await check(req, TRANSFER);
      sendJson(res, 200, describe(req, await readBody(req, LIMIT)));
    },
    "/once": async (req, res) => {
      const { id } = await check(req, TRANSFER);
      if (!revocations.take(id)) throw invalidToken("The access token was used");
      sendJson(res, 200, { id });
    },
    "/unauthorized": () => {
      throw new Challenge(401, "never accepted", { error: "invalid_token" });
    },
    "/bare": (_req, res) => {
      sendJson(res, 401, { detail: "no challenge" });
    },
    "/teapot": (_req, res) => {
      res.setHeader("WWW-Authenticate", insufficient({ ...TRANSFER, scope: undefined }).header());
      sendJson(res, 418, { detail: "a challenge on a status that has none" });
    },
    "/redirect": (req, res) => {
      const to = new URLSearchParams(target(req).query).get("to") ?? "/";
      res.writeHead(302, { Location: to, "Cache-Control": "no-store" });
      res.end();
    },
    "/loop": () => {
      throw insufficient({ ...TRANSFER, scope: undefined });
    },
    "/described": (req) => {
      const challenge = insufficient({ acr: "AL2" });
      challenge.params.resource_metadata = new URLSearchParams(target(req).query).get("at") ?? "";
      throw challenge;
    },
    "/alternate": () => {
      turns += 1;
      throw insufficient({ acr: turns % 2 === 1 ? "AL2" : "AL3" });
    },
    "/forbidden": () => {
      throw new Challenge(403, "never enough", { error: "insufficient_scope", scope: "payees:write" });
    },
  };
}

/**
 * What arrived, without the bytes themselves.
 * @param {import("./http.js").Request} req
 * @param {Buffer} body
 */
function describe(req, body) {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(req.headers["content-type"] ?? "")?.[1];
  return {
    method: req.method,
    headers: req.headers,
    sha256: sha256(body),
    size: body.length,
    ...(boundary === undefined ? {} : { parts: parts(body, boundary) }),
  };
}

/**
 * The parts of a form (RFC 7578 §4), each with its name, file name, type and digest.
 * @param {Buffer} body
 * @param {string} boundary
 */
export function parts(body, boundary) {
  const found = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const whole = Buffer.concat([Buffer.from("\r\n"), body]);
  let from = whole.indexOf(delimiter);
  while (from >= 0) {
    const start = from + delimiter.length;
    const end = whole.indexOf(delimiter, start);
    const split = whole.indexOf("\r\n\r\n", start);
    if (end < 0 || split < 0 || split > end) break;
    const head = whole.subarray(start, split).toString("utf8");
    const content = whole.subarray(split + 4, end);
    found.push({
      name: /[;\s]name="([^"]*)"/i.exec(head)?.[1] ?? "",
      filename: /[;\s]filename="([^"]*)"/i.exec(head)?.[1],
      type: /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim(),
      sha256: sha256(content),
      size: content.length,
    });
    from = end;
  }
  return found;
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
