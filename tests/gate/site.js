/** Pages for the gate on loopback, under the strictest policy that the documentation promises. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

import { Backend } from "./backend.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** Where each path below the origin is on disk. */
const FOLDERS = {
  "/stepup/": `${repository}pkg/`,
  // The same files under another address are another copy of the package.
  "/copy/": `${repository}pkg/`,
  "/pages/": fileURLToPath(new URL("./pages/", import.meta.url)),
  "/axe/": fileURLToPath(new URL("./node_modules/axe-core/", import.meta.url)),
};

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

const POLICY = [
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
  "frame-src http://127.0.0.1:* http://localhost:*",
  "require-trusted-types-for 'script'; trusted-types 'none'",
].join("; ");

/** Serves until `close()`. One port, two origins: 127.0.0.1 and localhost. */
export async function serve() {
  const backend = new Backend();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://site");
    const { pathname } = url;
    if (await backend.serves(url, request, response)) return;
    if (pathname === "/challenge") return challenge(response);
    if (pathname.startsWith("/.well-known/")) return metadata(request, response);
    const found = Object.entries(FOLDERS).find(([prefix]) => pathname.startsWith(prefix));
    try {
      const body = await readFile((found?.[1] ?? "/nowhere/") + pathname.slice(found?.[0].length));
      const type = TYPES[extname(pathname)] ?? "text/plain";
      response.writeHead(200, { "content-type": type, "content-security-policy": POLICY });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("the site has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    other: `http://localhost:${address.port}`,
    backend,
    close: () => server.close(),
  };
}

/** An API that always wants more (RFC 9470 §3). @param {import("node:http").ServerResponse} response */
function challenge(response) {
  const text = '<img src=x onerror="document.title=1"> call 0900 123';
  response.writeHead(401, {
    "www-authenticate":
      'Bearer error="insufficient_user_authentication", acr_values="AL3", ' +
      `error_description="${text.replaceAll('"', '\\"')}"`,
  });
  response.end();
}

/** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
function metadata(request, response) {
  const issuer = `http://${request.headers.host}`;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    }),
  );
}
