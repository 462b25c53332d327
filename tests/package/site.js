/** A folder served on loopback, with a record of what was asked for. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/** The strictest policy the documentation promises to work under. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/**
 * Serves a folder until `close()`.
 * @param {string} folder
 */
export async function serve(folder) {
  /** @type {string[]} */
  const requested = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    requested.push(pathname);
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
    /** The paths of the modules that were fetched since the last call. */
    wasmRequests: () => requested.splice(0).filter((path) => path.endsWith(".wasm")),
    close: () => server.close(),
  };
}
