/**
 * A server that can answer anything, byte by byte: it reads requests as HTTP, and writes what a fault
 * makes of the honest answer.
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * @typedef {{ path: string, method: string, headers: Record<string, string>, body: string }} Request
 * @typedef {{ status: number, headers: [string, string][], body: Buffer }} Plain
 * @typedef {(request: Request) => Response | Promise<Response>} Handler
 * @typedef {(wire: Wire, honest: () => Promise<Plain>) => void | Promise<void>} Fault
 */

/** One connection, after its request. */
export class Wire {
  /** @param {import("node:net").Socket} socket @param {Request} request */
  constructor(socket, request) {
    this.socket = socket;
    this.request = request;
  }

  /** Whether somebody still reads. */
  get open() {
    return this.socket.writable && !this.socket.destroyed;
  }

  /** How much the other side, and what lies between, has taken. */
  get taken() {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  /** Waits for room first. @param {string | Uint8Array} bytes */
  async write(bytes) {
    if (!this.open) return;
    if (!this.socket.write(bytes) && this.open)
      await Promise.race([once(this.socket, "drain"), once(this.socket, "close")]).catch(() => {});
  }

  /** @param {number} status @param {Iterable<[string, string]>} headers */
  head(status, headers) {
    const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return this.write(`HTTP/1.1 ${status} Said\r\nConnection: close\r\n${lines}\r\n`);
  }

  /** An answer whose length is said rightly. @param {Plain} plain */
  async send({ status, headers, body }) {
    const length = status === 204 ? [] : [/** @type {[string, string]} */ (["Content-Length", `${body.length}`])];
    await this.head(status, [...headers, ...length]);
    await this.write(body);
    this.end();
  }

  /** A part of a body of unknown length. @param {Uint8Array} bytes */
  async chunk(bytes) {
    await this.write(`${bytes.length.toString(16)}\r\n`);
    await this.write(bytes);
    await this.write("\r\n");
  }

  end() {
    this.socket.end();
  }

  /** The connection is lost. */
  reset() {
    this.socket.resetAndDestroy();
  }
}

/** @param {Response} response @returns {Promise<Plain>} */
export const plain = async (response) => ({
  status: response.status,
  headers: [...response.headers],
  body: Buffer.from(await response.arrayBuffer()),
});

/** A server on a port of this machine. */
export class Server {
  /** What it would answer if it were honest, by path. @type {Record<string, Handler>} */
  honest = {};
  /** What comes instead, by path. @type {Record<string, Fault>} */
  faults = {};
  /** @type {Request[]} */
  seen = [];
  /** @type {Wire[]} */
  wires = [];
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();
  #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // Who is cut off has made no mistake.
    socket.on("error", () => {});
    let read = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      read = Buffer.concat([read, bytes]);
      const request = requestIn(read);
      if (!request) return;
      read = Buffer.alloc(0);
      void this.#answer(new Wire(socket, request));
    });
  });

  static async start() {
    const server = new Server();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get origin() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.#server.address()).port}`;
  }

  /** What was asked of a path. @param {string} path */
  to(path) {
    return this.seen.filter((request) => request.path === path);
  }

  /** @param {Wire} wire */
  async #answer(wire) {
    const { request } = wire;
    this.seen.push(request);
    this.wires.push(wire);
    const handler = this.honest[request.path] ?? (() => new Response("nothing here", { status: 404 }));
    const honest = async () => plain(await handler(request));
    const fault = this.faults[request.path];
    await (fault ? fault(wire, honest) : wire.send(await honest()));
  }

  /** Forgets what it was asked. */
  forget() {
    this.seen.length = 0;
    this.wires.length = 0;
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** A request, once it is complete. @param {Buffer} read @returns {Request | undefined} */
function requestIn(read) {
  const end = read.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = read.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", target = ""] = first.split(" ");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const body = read.subarray(end + 4);
  if (body.length < Number(headers["content-length"] ?? 0)) return undefined;
  return { path: target.replace(/\?.*/s, ""), method, headers, body: body.toString() };
}
