/** A request as it is saved, and as it leaves again from another page. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { pathToFileURL } from "node:url";

import { command, noBrowser } from "./browser.js";
import { packageFolder } from "./project.js";
import { BLANK, serve } from "./site.js";
import { Tabs, codeOf } from "./tab.js";

/** @param {string} name @returns {Promise<any>} */
const built = (name) => import(pathToFileURL(join(packageFolder, name)).href);
const { keep } = await built("call.js");
const { pack, unpack } = await built("pending.js");
const { placesOf } = await built("apis.js");

const URL_ = "https://api.example/v1/transfers?to=bob#top";
const apis = ["https://other.example", { origin: "https://api.example", pathPrefix: "/v1" }];
const places = placesOf({ apis });
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @param {RequestInit & { stepup?: object }} init @param {object} [csrf] */
const call = (init, csrf) => keep(URL_, init, URL_, apis[1], 1, csrf);

/** What a call sends. @param {any} call @param {string} [token] @returns {Promise<Request>} */
const sent = async (call, token) => {
  /** @type {Request | undefined} */
  let request;
  await call.send(async (/** @type {Request | string} */ input, /** @type {RequestInit} */ init) => {
    request = new Request(input, init);
    return new Response();
  }, token);
  return request ?? assert.fail("nothing was sent");
};

/** As it is after JSON and the disk. @param {any} packed */
const restored = async ({ head, body }, csrf = undefined) =>
  unpack(JSON.parse(JSON.stringify(head)), body, places, csrf);

suite("a request that is saved", () => {
  test("t54 has no credentials, neither the caller's nor those that were sent", async () => {
    const secrets = {
      authorization: "Bearer MARKED", "Proxy-Authorization": "Basic MARKED", COOKIE: "a=MARKED", DPoP: "MARKED",
    };
    const csrf = { header: "X-CSRF-Token", token: () => "MARKED" };
    const kept = { "x-own": "kept", "content-type": "application/json" };
    const init = { method: "POST", body: "{}", headers: { ...secrets, ...kept } };
    for (const one of [call(init, csrf), keep(new Request(URL_, init), {}, URL_, apis[1], 1, csrf)]) {
      const first = await sent(one, "MARKED");
      assert.equal(first.headers.get("authorization"), "Bearer MARKED");
      assert.equal(first.headers.get("x-csrf-token"), "MARKED");
      const packed = await pack(one);
      assert.deepEqual(packed.head.headers, Object.entries(kept).sort());
      assert.doesNotMatch(JSON.stringify(packed.head), /MARKED|authorization|cookie|dpop/i);
      const again = await sent(await restored(packed), "new");
      assert.equal(again.headers.get("authorization"), "Bearer new");
    }
  });

  test("the header against forged requests is read anew", async () => {
    let count = 0;
    const csrf = { header: "X-CSRF-Token", token: () => `t${(count += 1)}` };
    const one = call({ method: "POST" }, csrf);
    assert.equal((await sent(one)).headers.get("x-csrf-token"), "t1");
    const again = await restored(await pack(one), /** @type {any} */ (csrf));
    assert.equal((await sent(again)).headers.get("x-csrf-token"), "t2");
  });

  test("keeps what fetch and the step-up were asked for", async () => {
    const asked = /** @type {const} */ ({
      method: "PUT",
      mode: "cors",
      credentials: "include",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      integrity: "sha256-AAAA",
      keepalive: true,
      priority: "high",
    });
    const stepup = { reason: "Confirm", tag: "t1", methods: ["redirect"], idempotencyKey: "k1" };
    const one = call({ ...asked, stepup: { ...stepup, gate: () => {} }, signal: AbortSignal.abort() });
    const { head, body } = JSON.parse(JSON.stringify(await pack(one)));
    const { headers, referrer, sentAt, ...rest } = head;
    assert.deepEqual(rest, { ...asked, url: URL_, stepup });
    assert.deepEqual([headers, referrer, sentAt, body], [[], "about:client", one.sentAt, null]);
    head.sentAt -= 5000;
    const again = unpack(head, body, places);
    /** @param {any} call */
    const members = ({ url, method, index, api, sentAt, replayable, stepup }) =>
      ({ url, method, index, api, sentAt, replayable, stepup });
    assert.deepEqual(members(again), { ...members(one), stepup, sentAt: one.sentAt - 5000 });
    assert.equal(again.signal ?? null, null);
    assert.equal(again.init.priority, "high");
    const { credentials, cache, redirect, integrity, keepalive } = await sent(again);
    assert.deepEqual({ credentials, cache, redirect, integrity, keepalive }, {
      credentials: "include", cache: "no-store", redirect: "error", integrity: "sha256-AAAA", keepalive: true,
    });
  });

  test("headers and body are those of the call, whatever happens to them afterwards", async () => {
    const headers = { "x-own": "before" };
    const bytes = new TextEncoder().encode("before");
    const one = call({ method: "POST", headers, body: bytes });
    headers["x-own"] = "after";
    bytes.fill(0);
    const { head, body } = await pack(one);
    assert.deepEqual(head.headers, [["x-own", "before"]]);
    assert.equal(Buffer.from(body).toString(), "before");
  });

  test("t51 a stream cannot be saved", async () => {
    const stream = /** @type {RequestInit} */ ({ method: "POST", duplex: "half", body: new ReadableStream() });
    assert.equal(await codeOf(pack(call(stream))), "replay_unavailable");
  });

  test("t53 what is too large is refused, without being read where its size is known", async () => {
    class Unread extends Blob {
      stream() {
        return assert.fail("it was read");
      }
    }
    const form = new FormData();
    form.set("a", "12345");
    form.set("b", new Unread(["67890"]));
    for (const body of ["1234567890", new Uint8Array(10), new Unread(["1234567890"]), form])
      assert.equal(await codeOf(pack(call({ method: "POST", body }), 9)), "storage_unavailable");
    const request = new Request(URL_, { method: "POST", body: "1234567890" });
    const one = keep(request, {}, URL_, apis[1], 1);
    assert.equal(await codeOf(pack(one, 9)), "storage_unavailable");
    assert.equal((await pack(one, 10)).body.byteLength, 10);
  });

  test("goes to no API that is not there any more", async () => {
    const packed = await pack(call({}));
    for (const [apis, expected] of /** @type {const} */ ([
      [["https://api.example"], 0],
      [[{ origin: "https://api.example", pathPrefix: "/v" }], "origin_not_allowed"],
      [["https://api.example.evil.test", "http://api.example"], "origin_not_allowed"],
    ])) {
      const found = (async () => unpack(packed.head, packed.body, placesOf({ apis })))();
      assert.equal(await found.then(({ index }) => index, ({ code }) => code), expected);
    }
  });
});

suite("the idempotency key", () => {
  /** Both sends of the page, and the one after the redirect. @param {RequestInit & { stepup?: object }} init */
  const keys = async (init) => {
    const one = call(init);
    const all = [await sent(one, "low"), await sent(one, "high"), await sent(await restored(await pack(one)), "high")];
    return all.map(({ headers }) => headers.get("idempotency-key"));
  };

  test("t52 is the app's own, the same on each send", async () => {
    const stepup = { idempotencyKey: "order-1" };
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      assert.deepEqual(await keys({ method, stepup }), ["order-1", "order-1", "order-1"]);
  });

  test("t52 is made once where the app asks for one", async () => {
    const [first, ...others] = await keys({ method: "POST", stepup: { idempotencyKey: true } });
    assert.match(first ?? "", uuid);
    assert.deepEqual(others, [first, first]);
    const [second] = await keys({ method: "POST", stepup: { idempotencyKey: true } });
    assert.notEqual(second, first);
  });

  test("t52 is not sent with what is safe, nor unasked", async () => {
    for (const idempotencyKey of [true, "order-1"])
      for (const method of ["GET", "HEAD", "OPTIONS"])
        assert.deepEqual(await keys({ method, stepup: { idempotencyKey } }), [null, null, null]);
    assert.deepEqual(await keys({ method: "POST" }), [null, null, null]);
  });

  test("t52 goes with a Request as well", async () => {
    const request = new Request(URL_, { method: "POST", body: "a" });
    const one = keep(request, { stepup: { idempotencyKey: "order-1" } }, URL_, apis[1], 1);
    const again = await sent(await restored(await pack(one)));
    assert.deepEqual(
      [(await sent(one)).headers.get("idempotency-key"), again.headers.get("idempotency-key")],
      ["order-1", "order-1"],
    );
  });
});

test("a token is not sent again by itself", async () => {
  const one = call({ method: "POST" });
  await sent(one, "low");
  assert.equal((await sent(one)).headers.get("authorization"), null);
});

/** The parts of multipart/form-data (RFC 7578), each with its headers as they are. @param {Buffer} body @param {string} type */
const partsOf = (body, type) => {
  const boundary = /^multipart\/form-data; ?boundary=(.+)$/.exec(type)?.[1] ?? assert.fail(type);
  const text = body.toString("latin1");
  assert.ok(text.startsWith(`--${boundary}\r\n`), "it begins with its boundary");
  assert.ok(text.endsWith(`\r\n--${boundary}--\r\n`), "it ends with its boundary");
  const inner = text.slice(boundary.length + 4, -boundary.length - 8);
  return inner.split(`\r\n--${boundary}\r\n`).map((part) => {
    const end = part.indexOf("\r\n\r\n");
    const bytes = Buffer.from(part.slice(end + 4), "latin1");
    return { headers: Buffer.from(part.slice(0, end), "latin1").toString().split("\r\n"), length: bytes.length, sha256: sha256(bytes) };
  });
};

/** @param {Buffer | string} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

suite("a request that leaves again from another page", () => {
  const options = { skip: noBrowser };
  /** @type {import("./site.js").Asked[]} */
  const received = [];
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let site;
  /** @type {Tabs} */
  let tabs;
  before(async () => {
    if (noBrowser) return;
    site = await serve(packageFolder, (asked) => {
      if (asked.url.startsWith("/blank")) return BLANK;
      if (!asked.url.startsWith("/api/")) return undefined;
      received.push(asked);
      return "received";
    });
    tabs = await Tabs.start();
  });
  after(async () => {
    await tabs?.close();
    site?.close();
  });

  /**
   * Sends what `make` gives, saves it, sends it from a page loaded afterwards, and gives back what the
   * server got both times.
   * @param {string | (() => { input?: Request, init?: RequestInit & { stepup?: object } })} make
   */
  const roundTrip = async (make) => {
    await tabs.go(`${site.origin}/blank`);
    received.length = 0;
    await tabs.run(`(async () => {
      const [{ keep }, { pack }, { openStore }] = await Promise.all(
        ["/call.js", "/pending.js", "/store.js"].map((at) => import(at)),
      );
      const { input, init = {} } = (${make})();
      const url = input?.url ?? location.origin + "/api/transfers?to=bob";
      const call = keep(input ?? url, init, url, { origin: location.origin }, 0);
      await call.send(fetch, "low");
      const { head, body } = await pack(call);
      const text = JSON.stringify({ head, body: !!body });
      await openStore().put("s1", { text, parts: body ? [body] : [] }, Date.now() + 60000);
    })`);
    await tabs.go(`${site.origin}/blank?another`);
    await tabs.run(`(async () => {
      const [{ unpack }, { openStore }, { placesOf }] = await Promise.all(
        ["/pending.js", "/store.js", "/apis.js"].map((at) => import(at)),
      );
      const { text, parts } = await openStore().take("s1");
      const { head, body } = JSON.parse(text);
      const call = unpack(head, body ? parts[0] : null, placesOf({ apis: ["/"] }));
      await call.send(fetch, "high");
    })`);
    const [first, second, ...others] = received;
    if (!first || !second) throw new Error(`${received.length} requests`);
    assert.deepEqual(others, []);
    assert.deepEqual([first.method, first.url], [second.method, second.url]);
    assert.deepEqual(
      [first.headers.authorization, second.headers.authorization], ["Bearer low", "Bearer high"]);
    /** A boundary is as long as who draws it likes. @param {import("./site.js").Asked} asked */
    const rest = ({ headers: { authorization, referer, "content-type": type, "content-length": length, ...headers } }) =>
      ({ ...headers, type: type?.replace(/boundary=.*/, ""), length: type?.includes("boundary") ? "" : length });
    assert.deepEqual(rest(second), rest(first));
    return { first, second };
  };

  /** @param {string} name @param {string | undefined} type @param {Buffer | string} body @param {Parameters<typeof roundTrip>[0]} make */
  const same = (name, type, body, make) =>
    test(`with ${name}`, options, async () => {
      for (const { headers, body: got } of Object.values(await roundTrip(make))) {
        assert.equal(headers["content-type"], type);
        assert.equal(got.length, Buffer.from(body).length);
        assert.equal(sha256(got), sha256(body));
      }
    });

  const large = Buffer.from(new Uint8Array(5 << 20).map((_, at) => at * 31 + (at >> 8)));
  const plain = "text/plain;charset=UTF-8";
  same("no body", undefined, "", () => ({}));
  same("no body, deleting", undefined, "", () => ({ init: { method: "DELETE" } }));
  same("an empty text", plain, "", () => ({ init: { method: "POST", body: "" } }));
  same("a text", plain, "ä\r\n😀\0", () => ({ init: { method: "POST", body: "ä\r\n😀\0" } }));
  same("a text of a type of its own, by a method in small letters", "application/json", "{}", () => ({
    init: { method: "put", body: "{}", headers: { "Content-Type": "application/json" } },
  }));
  same("URLSearchParams", "application/x-www-form-urlencoded;charset=UTF-8", "a=%C3%A4+b&a=%26", () => ({
    init: { method: "POST", body: new URLSearchParams([["a", "ä b"], ["a", "&"]]) },
  }));
  same("an ArrayBuffer", undefined, Buffer.of(0, 255, 13, 10), () => ({
    init: { method: "PUT", body: Uint8Array.of(0, 255, 13, 10).buffer },
  }));
  same("a view of a part of a buffer", undefined, Buffer.of(3, 0, 4, 0), () => ({
    init: { method: "POST", body: Uint16Array.of(1, 2, 3, 4, 5).subarray(2, 4) },
  }));
  same("a DataView", undefined, Buffer.of(2, 3), () => ({
    init: { method: "POST", body: new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2) },
  }));
  same("a Blob of 5 MB", "application/pdf", large, () => {
    const bytes = new Uint8Array(5 << 20).map((_, at) => at * 31 + (at >> 8));
    return { init: { method: "POST", body: new Blob([bytes], { type: "application/pdf" }) } };
  });
  same("a Blob of no type", undefined, "a", () => ({ init: { method: "POST", body: new Blob(["a"]) } }));
  same("a File", "image/png", "png", () => ({
    init: { method: "POST", body: new File(["png"], "a.png", { type: "image/png" }) },
  }));
  same("a Request with a text", plain, "ä", () => ({
    input: new Request(`${location.origin}/api/v2?x=1`, { method: "POST", body: "ä", headers: { "x-own": "1" } }),
  }));
  same("a Request without a body", undefined, "", () => ({
    input: new Request(`${location.origin}/api/v2`, { headers: { "x-own": "1" } }),
    init: { cache: "no-store", stepup: { idempotencyKey: true } },
  }));
  same("a Request with a Blob", "image/png", "png", () => ({
    input: new Request(`${location.origin}/api/v2`, { method: "PUT", body: new Blob(["png"], { type: "image/png" }) }),
  }));
  same("an idempotency key", plain, "a", () => ({
    init: { method: "POST", body: "a", stepup: { idempotencyKey: true } },
  }));

  const form = [
    { name: 'form-data; name="text"', type: undefined, body: "ä\r\nb" },
    { name: 'form-data; name="text"', type: undefined, body: "" },
    { name: 'form-data; name="n%22ä"', type: undefined, body: "--x" },
    { name: 'form-data; name="file"; filename="ü %22a%22.pdf"', type: "application/pdf", body: large },
    { name: 'form-data; name="file"; filename="empty.txt"', type: "text/plain", body: "" },
    { name: 'form-data; name="blob"; filename="blob"', type: "application/octet-stream", body: Buffer.of(0, 13, 10) },
  ];
  const expected = form.map(({ name, type, body }) => ({
    headers: [`Content-Disposition: ${name}`, ...(type ? [`Content-Type: ${type}`] : [])],
    length: Buffer.from(body).length,
    sha256: sha256(body),
  }));

  for (const kind of /** @type {const} */ (["FormData", "Request"]))
    test(`with a form with files, as ${kind}, part by part`, options, async () => {
      const { first, second } = await roundTrip(`() => {
        const bytes = new Uint8Array(5 << 20).map((_, at) => at * 31 + (at >> 8));
        const body = new FormData();
        body.append("text", "ä\\nb");
        body.append("text", "");
        body.append('n"ä', "--x");
        body.append("file", new File([bytes], 'ü "a".pdf', { type: "application/pdf" }));
        body.append("file", new File([], "empty.txt", { type: "text/plain" }));
        body.append("blob", new Blob([Uint8Array.of(0, 13, 10)]));
        const init = { method: "POST", body };
        return "${kind}" === "Request" ? { input: new Request(location.origin + "/api/v2", init) } : { init };
      }`);
      for (const { headers, body } of [first, second])
        assert.deepEqual(partsOf(body, headers["content-type"] ?? ""), expected);
    });

  test("a file that has changed on the disk cannot be saved", options, async (context) => {
    const folder = await mkdtemp(join(tmpdir(), "stepup-file-"));
    context.after(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "a.txt");
    await writeFile(path, "before");
    await tabs.go(`${site.origin}/blank`);
    const input = await tabs.run(() => {
      const input = Object.assign(document.createElement("input"), { type: "file" });
      document.body.append(input);
      return /** @type {any} */ (input);
    });
    const [id] = Object.values(input);
    await command(`${tabs.session}/element/${id}/value`, { text: path });
    await tabs.run(`(async () => {
      globalThis.modules = await Promise.all(["/call.js", "/pending.js"].map((at) => import(at)));
      const [{ keep }] = modules;
      const [body] = document.querySelector("input").files;
      const url = location.origin + "/api/a";
      globalThis.call = keep(url, { method: "POST", body }, url, { origin: location.origin }, 0);
    })`);
    await rm(path);
    assert.equal(await codeOf(tabs.run("(() => modules[1].pack(call))")), "replay_unavailable");
  });
});
