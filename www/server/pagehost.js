/**
 * The app's host: the bank's page, the package at `/stepup/`, folders that the options mount, and the
 * backend-for-frontend below `/bff/`.
 * @module
 */
import { fileURLToPath } from "node:url";
import { target } from "./http.js";
import { sendFile } from "./static.js";

const APP = fileURLToPath(new URL("../app/", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../pkg/", import.meta.url));

/**
 * @param {import("./hosts.js").Addresses} at
 * @param {import("./options.js").Options} options
 * @param {ReturnType<typeof import("./bff.js").createBff>} bff
 */
export function createPageHost(at, options, bff) {
  // As strict as an app with stepup can be: the wasm needs its own word, nothing else does.
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; "
    + `connect-src 'self' ${at.api} ${at.issuer}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; `
    + "require-trusted-types-for 'script'; trusted-types 'none'";

  /**
   * @param {import("./http.js").Request} req
   * @param {import("./http.js").Response} res
   */
  return async function serve(req, res) {
    if (options.coop.app) res.setHeader("Cross-Origin-Opener-Policy", options.coop.app);
    const { path } = target(req);
    if (path.startsWith("/bff/")) return bff(req, res);
    if (path === "/config.js") {
      res.setHeader("Content-Type", "text/javascript; charset=utf-8");
      res.setHeader("Cache-Control", "no-store");
      res.end(`export const api = ${JSON.stringify(at.api)};\nexport const issuer = ${JSON.stringify(at.issuer)};\n`);
      return;
    }
    for (const [prefix, folder] of Object.entries(options.mounts)) {
      // Pages mounted by a test bring their own policy.
      if (path.startsWith(prefix)) return sendFile(req, res, folder, path.slice(prefix.length));
    }
    const headers = { "Content-Security-Policy": policy };
    return path.startsWith("/stepup/")
      ? sendFile(req, res, PACKAGE, path.slice("/stepup/".length), headers)
      : sendFile(req, res, APP, path.slice(1), headers);
  };
}
