import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AGENT } from "../backchannel.js";
import { start } from "../server.js";
import { open, Visitor } from "./bank.js";

const MAIN = fileURLToPath(new URL("../main.js", import.meta.url));

test("the app's host serves the page and where the others are", async (t) => {
  const at = await open(t, { coop: { app: "same-origin" } });
  const visitor = new Visitor(at);
  const page = await visitor.send(`${at.app}/`);
  assert.equal(page.status, 200);
  assert.match(String(page.headers["content-security-policy"]), /script-src 'self' 'wasm-unsafe-eval';/);
  assert.equal(page.headers["cross-origin-opener-policy"], "same-origin");
  assert.match((await visitor.send(`${at.app}/config.js`)).text, new RegExp(`api = "${at.api}".*issuer = "${at.issuer}"`, "s"));
  assert.equal((await visitor.send(`${at.app}/app.js`)).headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal((await visitor.send(`${at.app}/`, { method: "POST" })).status, 405);
});

test("a mounted folder is served, and nothing outside of it", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "www-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "page.html"), "<!doctype html>");
  await symlink("/etc/passwd", join(folder, "link"));
  const at = await open(t, { mounts: { "/e2e/": folder } });
  const visitor = new Visitor(at);
  assert.equal((await visitor.send(`${at.app}/e2e/page.html`)).text, "<!doctype html>");
  for (const path of ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fetc%2fpasswd", "link", "", "%00", "%"]) {
    assert.equal((await visitor.send(`${at.app}/e2e/${path}`)).status, 404, path);
  }
  for (const path of ["/..%2fserver/main.js", "/..%2fpackage.json"]) {
    assert.equal((await visitor.send(at.app + path)).status, 404, path);
  }
});

test("any other name for this machine gets nothing", async (t) => {
  const at = await open(t);
  const visitor = new Visitor(at);
  for (const host of ["localhost", "127.0.0.1", "evil.test", "app.bank.localhost.evil.test", "auth.idp.localhost"]) {
    const answer = await visitor.send(`${at.app}/`, { headers: { Host: `${host}:${at.port}` } });
    assert.equal(answer.status, 421, host);
  }
});

test("the log has every request to the three hosts in order, headers verbatim", async (t) => {
  const alice = new Visitor(await open(t));
  await alice.send(`${alice.at.app}/?a=1&a=2`, { headers: { "X-Test": "One" } });
  await alice.api("/balance", "t");
  await alice.send(`${alice.at.issuer}/jwks`);
  const { value: log } = await alice.control("/log");
  assert.deepEqual(log.map((/** @type {any} */ { n, role, host, method, path, query, status }) => [n, role, host, method, path, query, status]), [
    [1, "app", "app.bank.localhost", "GET", "/", "a=1&a=2", 200],
    [2, "api", "api.bank.localhost", "GET", "/balance", "", 401],
    [3, "auth", "auth.bank.localhost", "GET", "/jwks", "", 200],
  ]);
  assert.equal(log[0].headers["x-test"], "One");
  assert.equal(log[1].headers.authorization, "Bearer t");
  assert.ok(Math.abs(log[0].at - Date.now()) < 10_000);
  const forget = await alice.send(`http://control.localhost:${alice.at.port}/log`, { method: "DELETE" });
  assert.equal(forget.status, 204);
  assert.deepEqual((await alice.control("/log")).value, []);
});

test("the log tells a preflight from the request it asks leave for", async (t) => {
  const visitor = new Visitor(await open(t));
  const preflight = { "Access-Control-Request-Method": "POST", Origin: visitor.at.app };
  await visitor.send(`${visitor.at.api}/transfers`, { method: "OPTIONS", headers: preflight });
  await visitor.send(`${visitor.at.api}/transfers`, { method: "OPTIONS" });
  await visitor.api("/transfers", undefined, { json: {} });
  const { value: log } = await visitor.control("/log");
  assert.deepEqual(log.map((/** @type {any} */ one) => [one.method, one.preflight, one.from]), [
    ["OPTIONS", true, "page"], ["OPTIONS", false, "page"], ["POST", false, "page"],
  ]);
});

test("a browser's requests can be made to wait, each path as long as it is told", async (t) => {
  const visitor = new Visitor(await open(t, { delays: { "*": 200, "/mark.svg": 0 } }));
  const taken = async (/** @type {string} */ address, headers = {}) => {
    const began = performance.now();
    assert.ok((await visitor.send(address, { headers })).status < 500);
    return performance.now() - began;
  };
  const { app, api, issuer } = visitor.at;
  for (const address of [`${app}/`, `${api}/balance`, `${issuer}/jwks`]) assert.ok(await taken(address) >= 195, address);
  assert.ok(await taken(`${app}/mark.svg`) < 195);
  assert.ok(await taken(`${api}/balance`, { "User-Agent": AGENT }) < 195, "the backend is next to it");
  await visitor.control("/options", { delays: {} });
  assert.ok(await taken(`${api}/balance`) < 195);
});

test("wrong options are refused and change nothing", async (t) => {
  const visitor = new Visitor(await open(t));
  const before = (await visitor.control("/options")).value;
  for (const wrong of [
    { nonsense: 1 }, { assurance: "maybe" }, { coop: { other: "x" } }, { mounts: { "/e2e/": "relative" } },
    { accessTokenTtl: 0 }, { passkeys: [{ user: "alice" }] }, { provider: "auth.idp.localhost" }, { exposeChallenge: "yes" },
    { exposeChallenge: false, hints: "no" }, { carry: "yes" }, { userVerification: "discouraged" }, { challengeTtl: 0 },
    { delays: { jwks: 1 } }, { delays: { "*": -1 } }, { delays: { "/jwks": 0.5 } }, { delays: [] },
  ]) {
    assert.equal((await visitor.control("/options", wrong)).status, 400, JSON.stringify(wrong));
  }
  assert.deepEqual((await visitor.control("/options")).value, before);
});

test("without --control there is no control host and no probe", async (t) => {
  const { at, close } = await start();
  t.after(close);
  const visitor = new Visitor(at);
  assert.equal((await visitor.control("/log")).status, 421);
  assert.equal((await visitor.api("/echo", undefined)).status, 404);
});

test("the command prints one line of JSON, and ends on SIGTERM", async () => {
  const child = spawn(process.execPath, [MAIN, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stderr.on("data", (chunk) => { err += chunk; });
  for await (const chunk of child.stdout) {
    out += chunk;
    if (out.includes("\n")) child.kill("SIGTERM");
  }
  if (child.exitCode === null) await once(child, "exit");
  const { port, ...rest } = JSON.parse(out);
  assert.deepEqual(rest, {
    app: `http://app.bank.localhost:${port}/`, api: `http://api.bank.localhost:${port}`, issuer: `http://auth.bank.localhost:${port}`,
  });
  assert.equal(child.exitCode, 0);
  assert.equal(err, "");
});

test("the command says what is wrong with how it was called", async () => {
  for (const [args, said] of /** @type {const} */ ([
    [["--port", "x"], /x is not a port/],
    [["--options", "{"], /not valid JSON/],
    [["--options", '{"a":1}'], /unknown option: a/],
  ])) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let err = "";
    for await (const chunk of child.stderr) err += chunk;
    if (child.exitCode === null) await once(child, "exit");
    assert.equal(child.exitCode, 1);
    assert.match(err, said);
    assert.doesNotMatch(err, /at .*\.js:\d+/, "no stack for a mistake of the caller");
  }
});
