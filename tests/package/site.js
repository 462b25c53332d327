/** A folder served on loopback, with a record of what was asked for. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

/**
 * @typedef {{
 *   method: string, url: string, headers: import("node:http").IncomingHttpHeaders, body: Buffer,
 * }} Asked
 */

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/** The strictest policy the documentation promises to work under. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** A page with nothing on it. */
export const BLANK = "<!doctype html><meta charset=utf-8><title>blank</title><p id=status></p>";

/**
 * Serves a folder until `close()`.
 * @param {string} folder
 * @param {(request: Asked) => string | undefined} [answer] what to answer in place of a file
 * @param {(path: string) => Promise<unknown> | undefined} [hold] what an answer waits for
 */
export async function serve(folder, answer, hold) {
  /** @type {string[]} */
  const requested = [];
  const server = createServer(async (request, response) => {
    // Not a base for the path: one that begins with two slashes is a path as well.
    const { pathname } = new URL(`http://site${request.url ?? "/"}`);
    requested.push(pathname);
    const body = [];
    for await (const chunk of request) body.push(chunk);
    const { method = "", url = "", headers } = request;
    await hold?.(pathname);
    const given = answer?.({ method, url, headers, body: Buffer.concat(body) });
    if (given !== undefined) {
      response.writeHead(200, { "content-type": TYPES[".html"], "content-security-policy": POLICY });
      response.end(given);
      return;
    }
    try {
      const path = join(folder, normalize(pathname));
      const body = await readFile(pathname.endsWith("/") ? join(path, "index.html") : path);
      const type = TYPES[extname(path)] ?? TYPES[".html"];
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
    /** The paths that were asked for since the last call. */
    paths: () => requested.splice(0),
    /** The paths of the modules that were fetched since the last call. */
    wasmRequests: () => requested.splice(0).filter((path) => path.endsWith(".wasm")),
    close: () => server.close(),
  };
}
