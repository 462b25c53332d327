/**
 * Files below a folder, and nothing outside it.
 * @module
 */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { HttpError } from "./http.js";

/** @type {Record<string, string>} */
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/**
 * Sends one file, or throws a 404 or 405.
 * @param {import("./http.js").Request} req
 * @param {import("./http.js").Response} res
 * @param {string} folder
 * @param {string} path below the folder, as the URL has it
 * @param {Record<string, string>} [headers]
 */
export async function sendFile(req, res, folder, path, headers = {}) {
  if (req.method !== "GET" && req.method !== "HEAD") throw new HttpError(405, "only GET and HEAD");
  const file = await locate(folder, path.endsWith("/") || path === "" ? `${path}index.html` : path);
  res.writeHead(200, {
    "Content-Type": types[extname(file.path)] ?? "application/octet-stream",
    "Content-Length": file.size,
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    ...headers,
  });
  if (req.method === "HEAD") {
    res.end();
    return;
  }
  await new Promise((resolve, reject) => {
    createReadStream(file.path).once("error", reject).pipe(res).once("finish", resolve).once("close", resolve);
  });
}

/**
 * @param {string} folder
 * @param {string} path
 */
async function locate(folder, path) {
  try {
    const root = await realpath(folder);
    const found = await realpath(join(root, decodeURIComponent(path)));
    const { size, isFile } = await stat(found).then((info) => ({ size: info.size, isFile: info.isFile() }));
    if (isFile && found.startsWith(root + sep)) return { path: found, size };
  } catch {
    // Not there, not readable or not a path: all the same to who asks.
  }
  throw new HttpError(404, "no such file");
}
