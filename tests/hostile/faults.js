/** What may become of any answer on its way, whatever it says. */

import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

/**
 * How a step ends: `unreachable` for an answer that cannot be had or is none, `endless` for one that
 * only a time limit ends, `harmless` for one that is as good as an honest one; else in the step's own way.
 * @typedef {"unreachable" | "endless" | "harmless" | "own"} End
 * @typedef {{ name: string, end: End, fault: import("./server.js").Fault, begins?: "head" | "body" }} WireFault
 *   `begins`: how much of it arrives before the time limit passes
 */

export const JSON_TYPE = /** @type {[string, string]} */ (["Content-Type", "application/json"]);
const HTML_TYPE = /** @type {[string, string]} */ (["Content-Type", "text/html"]);
const HTML = Buffer.from("<!doctype html><h1>Sign in to the network</h1>");
const SPACE = Buffer.alloc(65_536, 32);
/** A hundred megabytes of nothing, in a hundred kilobytes. */
const BOMB = gzipSync(Buffer.alloc(100 << 20, 32));

/** @param {import("./server.js").Plain} plain @param {string} name @param {string} value */
const withHeader = (plain, name, value) => ({
  ...plain,
  headers: [...plain.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()), /** @type {[string, string]} */ ([name, value])],
});

/** The honest answer, changed. @param {(plain: import("./server.js").Plain) => import("./server.js").Plain} change @returns {import("./server.js").Fault} */
export const changed = (change) => async (wire, honest) => wire.send(change(await honest()));

/** Another answer in its place. @param {number} status @param {string | Buffer} body @param {[string, string][]} [headers] @returns {import("./server.js").Fault} */
export const instead = (status, body, headers = [JSON_TYPE]) => (wire) => wire.send({ status, headers, body: Buffer.from(body) });

/** Waits until nobody listens any more. @param {import("./server.js").Wire} wire */
const silence = (wire) => new Promise((resolve) => (wire.open ? wire.socket.once("close", resolve) : resolve(undefined)));

/** Bytes without an end, as fast as they are taken. @param {import("./server.js").Wire} wire @param {[string, string][]} headers @param {Buffer} [bytes] */
const flood = async (wire, headers, bytes = SPACE) => {
  await wire.head(200, [...headers, ["Transfer-Encoding", "chunked"]]);
  while (wire.open) await wire.chunk(bytes);
};

/** A redirect with the method and body kept. @param {(wire: import("./server.js").Wire) => string} where @returns {import("./server.js").Fault} */
const redirect = (where) => (wire) => wire.send({ status: 307, headers: [["Location", where(wire)]], body: Buffer.alloc(0) });

/** Where a redirect leads that nobody may follow. */
export const ELSEWHERE = "/elsewhere";

/** @type {WireFault[]} */
export const FAULTS = [
  // None.
  { name: "a connection that is reset at once", end: "unreachable", fault: (wire) => wire.reset() },
  { name: "a connection that is closed at once", end: "unreachable", fault: (wire) => wire.end() },
  { name: "something that is not HTTP", end: "unreachable", fault: async (wire) => {
    await wire.write("SSH-2.0-OpenSSH_9.2p1\r\n");
    wire.end();
  } },
  { name: "a head that breaks off", end: "unreachable", fault: async (wire) => {
    await wire.write("HTTP/1.1 200 OK\r\nContent-Ty");
    wire.end();
  } },
  { name: "a head of a megabyte", end: "unreachable", fault: (wire) => wire.head(200, [JSON_TYPE, ["X-Long", "x".repeat(1 << 20)]]) },
  { name: "silence", end: "endless", fault: silence },
  { name: "silence after half a head", end: "endless", fault: async (wire) => {
    await wire.write("HTTP/1.1 200 OK\r\nContent-Ty");
    await silence(wire);
  } },
  // Truncated.
  { name: "a body shorter than its length", end: "unreachable", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`]]);
    await wire.write(body.subarray(0, body.length >> 1));
    wire.end();
  } },
  { name: "a whole body whose length says more", end: "unreachable", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length + 1}`]]);
    await wire.write(body);
    wire.end();
  } },
  { name: "chunks that break off", end: "unreachable", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Transfer-Encoding", "chunked"]]);
    await wire.chunk(body.subarray(0, body.length >> 1));
    wire.end();
  } },
  { name: "a reset in the middle of the body", end: "unreachable", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`]]);
    await wire.write(body.subarray(0, body.length >> 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    wire.reset();
  } },
  { name: "a body that is cut, of the right length", end: "unreachable", fault: changed((plain) => ({ ...plain, body: plain.body.subarray(0, -1) })) },
  { name: "gzip that breaks off", end: "unreachable", fault: changed((plain) => {
    const body = gzipSync(plain.body);
    return { ...withHeader(plain, "Content-Encoding", "gzip"), body: body.subarray(0, body.length >> 1) };
  }) },
  { name: "gzip that is none", end: "unreachable", fault: changed((plain) => withHeader(plain, "Content-Encoding", "gzip")) },
  // Slow.
  { name: "a body that does not begin", end: "endless", begins: "head", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`]]);
    await silence(wire);
  } },
  { name: "a body whose last byte does not come", end: "endless", begins: "body", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`]]);
    await wire.write(body.subarray(0, -1));
    await silence(wire);
  } },
  { name: "a body that drips without an end", end: "endless", begins: "body", fault: async (wire) => {
    await wire.head(200, [JSON_TYPE, ["Transfer-Encoding", "chunked"]]);
    while (wire.open) {
      await wire.chunk(SPACE.subarray(0, 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } },
  // Huge.
  { name: "a hundred megabytes", end: "unreachable", fault: async (wire) => {
    await wire.head(200, [JSON_TYPE, ["Content-Length", `${100 << 20}`]]);
    for (let sent = 0; sent < 100 << 20 && wire.open; sent += SPACE.length) await wire.write(SPACE);
    wire.end();
  } },
  { name: "a flood without an end", end: "unreachable", fault: (wire) => flood(wire, [JSON_TYPE]) },
  { name: "a string without an end", end: "unreachable", fault: async (wire) => {
    await wire.head(200, [JSON_TYPE, ["Transfer-Encoding", "chunked"]]);
    await wire.chunk(Buffer.from('{"keys":[],"access_token":"'));
    while (wire.open) await wire.chunk(Buffer.alloc(65_536, 97));
  } },
  { name: "a gzip bomb", end: "unreachable", fault: instead(200, BOMB, [JSON_TYPE, ["Content-Encoding", "gzip"]]) },
  { name: "nesting without an end", end: "unreachable", fault: instead(200, "[".repeat(500_000)) },
  // Wrong.
  { name: "bytes that are not UTF-8", end: "unreachable", fault: changed((plain) => ({
    ...plain,
    body: Buffer.concat([plain.body.subarray(0, -1), Buffer.from(',"x":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')]),
  })) },
  { name: "the answer twice in one body", end: "unreachable", fault: changed((plain) => ({ ...plain, body: Buffer.concat([plain.body, plain.body]) })) },
  { name: "two lengths that differ", end: "unreachable", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`], ["Content-Length", "2"]]);
    await wire.write(body);
    wire.end();
  } },
  { name: "a status that is no number", end: "unreachable", fault: async (wire) => {
    await wire.write("HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n");
    wire.end();
  } },
  { name: "a redirect to another origin", end: "unreachable", fault: redirect(({ socket }) => `http://localhost:${socket.localPort}${ELSEWHERE}`) },
  { name: "a redirect to another path", end: "unreachable", fault: redirect(() => ELSEWHERE) },
  { name: "a redirect to itself", end: "unreachable", fault: redirect(({ request }) => request.path) },
  { name: "HTML with an error status", end: "own", fault: instead(502, HTML, [HTML_TYPE]) },
  { name: "HTML as if it were the answer", end: "own", fault: instead(200, HTML, [HTML_TYPE]) },
  { name: "HTML that says it is JSON", end: "unreachable", fault: instead(200, HTML) },
  { name: "the answer as HTML", end: "own", fault: changed((plain) => withHeader(plain, "Content-Type", "text/html")) },
  { name: "the answer without a type", end: "own", fault: changed((plain) => ({ ...plain, headers: [] })) },
  { name: "the answer with two types that differ", end: "own", fault: changed((plain) => ({ ...plain, headers: [JSON_TYPE, HTML_TYPE] })) },
  { name: "nothing at all, with success", end: "own", fault: instead(204, "", []) },
  { name: "an empty body", end: "own", fault: instead(200, "") },
  { name: "the answer with a server's error", end: "own", fault: changed((plain) => ({ ...plain, status: 500 })) },
  { name: "the JSON of a proxy that fails", end: "own", fault: instead(502, '{"message":"Bad gateway"}') },
  { name: "an answer that has not changed since", end: "own", fault: instead(304, "", []) },
  { name: "null", end: "own", fault: instead(200, "null") },
  { name: "a list", end: "own", fault: instead(200, "[]") },
  { name: "a number", end: "own", fault: instead(200, "1e999") },
  { name: "an object with nothing in it", end: "own", fault: instead(200, "{}") },
  { name: "members of other types", end: "own", fault: changed((plain) => {
    const json = JSON.parse(`${plain.body}`);
    return { ...plain, body: Buffer.from(JSON.stringify(Object.fromEntries(Object.keys(json).map((name) => [name, [[{}]]])))) };
  }) },
  // What is good enough.
  { name: "a byte at a time", end: "harmless", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Transfer-Encoding", "chunked"]]);
    for (const byte of body) await wire.chunk(Buffer.from([byte]));
    await wire.write("0\r\n\r\n");
    wire.end();
  } },
  { name: "a body after a pause", end: "harmless", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`]]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await wire.write(body);
    wire.end();
  } },
  { name: "an early hint before it", end: "harmless", fault: async (wire, honest) => {
    await wire.write("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n");
    await wire.send(await honest());
  } },
  { name: "a second answer behind it", end: "harmless", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, [...headers, ["Content-Length", `${body.length}`]]);
    await wire.write(Buffer.concat([body, Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"access_token":"x"}')]));
    wire.end();
  } },
  { name: "a body without a length", end: "harmless", fault: async (wire, honest) => {
    const { status, headers, body } = await honest();
    await wire.head(status, headers);
    await wire.write(body);
    wire.end();
  } },
  { name: "gzip", end: "harmless", fault: changed((plain) => ({ ...withHeader(plain, "Content-Encoding", "gzip"), body: gzipSync(plain.body) })) },
  { name: "a byte order mark", end: "harmless", fault: changed((plain) => ({ ...plain, body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain.body]) })) },
  { name: "a type with parameters, in capitals", end: "harmless", fault: changed((plain) => withHeader(plain, "Content-Type", "APPLICATION/JSON;Charset=UTF-8")) },
  { name: "the same type twice", end: "harmless", fault: changed((plain) => ({ ...plain, headers: [JSON_TYPE, JSON_TYPE] })) },
  { name: "an answer from a cache, a day old", end: "harmless", fault: changed((plain) => withHeader(plain, "Age", "86400")) },
  { name: "members that nobody knows", end: "harmless", fault: changed((plain) => ({
    ...plain,
    body: Buffer.from(`${plain.body.subarray(0, -1)},"x":${"[".repeat(5000)}${"]".repeat(5000)},"__proto__":{"ok":false}}`),
  })) },
];
