/** What the letters of a URL say for certain, beside what the parser says. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { pathToFileURL } from "node:url";

import { packageFolder } from "./project.js";

/** @type {typeof import("../../src/js/plain.js")} */
const { plainOrigin, read } = await import(pathToFileURL(join(packageFolder, "plain.js")).href);

const BASES = ["https://app.example/account/", "https://app.example:8443/a/b?c#d", "http://127.0.0.1:3000/", "https://api.example/"];

/** @param {string} url @param {string} base */
const parsed = (url, base) => {
  try {
    const { origin, pathname, href } = new URL(url, base);
    return { origin, pathname, href };
  } catch {
    return undefined;
  }
};

/** @param {string} url @param {string} base */
const isRight = (url, base) => {
  Object.defineProperty(globalThis, "document", { value: { baseURI: base }, configurable: true });
  const expected = parsed(url, base);
  const origin = plainOrigin(url);
  // Where there is no URL at all, nothing is sent by anybody.
  if (origin !== undefined && expected) assert.equal(origin, expected.origin, JSON.stringify([url, base]));
  if (!expected) return;
  const { origin: of, pathname, href } = read(url);
  assert.deepEqual({ origin: of, pathname, href }, expected, JSON.stringify([url, base]));
};

suite("the letters of a URL", () => {
  /** @type {string[]} */
  const PLAIN = [
    "https://api.example/", "https://api.example/v1/accounts?q=1&r=a%20b", "http://localhost:8080/x", "/v1/accounts", "http://127.0.0.1:3000/x",
  ];
  before(() => Object.defineProperty(globalThis, "document", { value: { baseURI: BASES[0] }, configurable: true }));

  test("are enough for what almost every URL looks like", () => {
    for (const url of PLAIN) assert.ok(plainOrigin(url), url);
    // What the parser gives has more than that in it.
    for (const url of PLAIN) assert.ok(!(read(url) instanceof URL), url);
  });

  test("t13 say nothing where a parser finds something else in them", () => {
    const twists = [
      "https://api.example:443/", "https://api.example:0443/", "https://api.example:80/", "http://api.example:80/", "https://api.example:/",
      "HTTPS://api.example/", "https://API.example/", "https://user@api.example/", "https://api.example:8080@evil.example/", "https://api.example@evil.example/",
      "https://api.example\\@evil.example/", "https:\\\\api.example/", "https:/api.example/", "https:api.example/", "https:///api.example/",
      "https://api.exa\tmple/", " https://api.example/", "https://api.example/\n", "https://%61pi.example/", "https://ａｐｉ.example/", "https://api。example/",
      "https://1/", "https://127.1/", "https://0x7f.0.0.1/", "https://127.0.0.1.:3000/", "https://0177.0.0.1:3000/", "https://2130706433/", "https://[::1]/", "https://a.1/",
      "https://api.example./", "https://xn--a/", "https://api_x.example/", "https://api.example:99999/", "https://api.example?x", "https://api.example#x", "https://api.example",
      "//api.example/", "/\\api.example/", "/\t/api.example/", "/\n/api.example", "\\\\api.example/", "///api.example/", "/./x", "/../x", "/.//api.example", "x", "?x", "#x", "",
      "/a/../b", "/a/./b", "/a/%2e%2e/b", "/a/.%2e/b", "/a/..%2fb", "/a\\..\\b", "/a/..", "/a/.", "/a//b", "/a/...", "/a/.b", "/a b", "/a\tb", "/é", "/a?b'c", "/a?b#c", "/a?b c", "/a?é", "/a?b\nc", "/a;b", "/~a/-b",
      "data:text/plain,x", "blob:https://api.example/1", "about:blank", "https:", "https://", "/",
    ];
    for (const base of BASES) for (const twist of [...PLAIN, ...twists]) isRight(twist, base);
  });

  test("t13 nor in whatever else they may be put together to", () => {
    const parts = [
      "http", "https", ":", "/", "//", "\\", ".", "..", "@", "?", "#", "%2e", "%2f", "%41", "%", "\t", "\n", " ", "a", "B", "0", "127", "0x7f", "1", "-", "_", "~", "=", "&", "+", "'", "\"", "|",
      ":443", ":80", ":8080", ":08080", "api.example", "localhost", "127.0.0.1", "xn--", "é", "。", "[::1]", "\u00ad",
    ];
    let seed = 20;
    const next = (/** @type {number} */ most) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % most;
    };
    let plain = 0;
    for (let count = 0; count < 60_000; count += 1) {
      const start = ["", "https://", "https://api.example", "http://", "/", "https://api.example/"][next(6)] ?? "";
      const url = start + Array.from({ length: next(7) }, () => parts[next(parts.length)]).join("");
      isRight(url, BASES[next(BASES.length)] ?? "");
      if (plainOrigin(url)) plain += 1;
    }
    assert.ok(plain > 5000, `only ${plain} were plain`);
  });

  test("are read in a time that grows with their length and no faster", () => {
    for (const long of [`https://${"a.".repeat(50_000)}!`, `https://${"a".repeat(100_000)}`, `https://a/${"a/".repeat(50_000)}!`, `/${"a".repeat(100_000)}!`]) {
      const began = performance.now();
      plainOrigin(long);
      try {
        read(long);
      } catch {
        // It is none.
      }
      assert.ok(performance.now() - began < 1000, long.slice(0, 20));
    }
  });
});
