/**
 * What a page hears or takes up that is not its own: messages of others, records of other versions, of
 * other SDKs and of other users. What comes back from a redirect is what `globalThis.core` is.
 */
// @ts-nocheck
import assert from "node:assert/strict";
import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packageFolder } from "./project.js";

const methods = { getItem(k) { return this[k] ?? null; }, setItem(k, v) { this[k] = `${v}`; }, removeItem(k) { delete this[k]; } };
const storage = () => Object.create(methods);
globalThis.until = Infinity;
globalThis.localStorage = storage();
globalThis.sessionStorage = storage();
globalThis.location = new URL("http://localhost/");
globalThis.history = { replaceState() {} };
const back = await mkdtemp(join(tmpdir(), "stepup-"));
await cp(packageFolder, back, { recursive: true });
await writeFile(join(back, "redirect.js"), `
import { placesOf } from "./apis.js";
import { unpack } from "./pending.js";
const head = { method: "POST", url: "https://api.example/transfers", headers: [], stepup: { tag: "t" }, sentAt: Date.now() };
export const takeUp = (options, goOn) => goOn({ core: globalThis.core, calls: [unpack(head, null, placesOf(options))], returnTo: "/", search: "?code=c&state=s", until: globalThis.until });
export const sweep = async () => {}, forgetAll = async () => {}, forget = async () => {};`);
const load = async (dir) => (await import(join(dir, "node.js"))).createStepUp;
const redirects = { apis: ["https://api.example"], issuer: "https://login.example", clientId: "spa", redirectUri: "http://localhost/cb", methods: ["redirect"] };
const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(String(error)));
const settle = () => new Promise((resolve) => setTimeout(resolve, 150));

for (const sent of [null, { from: 1, cleared: true, sub: 5 }, { from: 1, cleared: true, sub: {} }])
  test(`t35 a broadcast of ${JSON.stringify(sent)} breaks nothing`, async () => {
    uncaught.length = 0;
    globalThis.fetch = async (input, init) => new Headers(init?.headers).get("authorization") === "Bearer high" ? new Response("done")
      : new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication", acr_values="AL3"' } });
    const stepup = (await load(packageFolder))({ apis: ["https://api.example"], authenticate: async () => "high", requireVerified: false });
    await stepup.preload();
    const channel = new BroadcastChannel("stepup ,");
    channel.postMessage(sent);
    await settle();
    channel.close();
    const outcome = await stepup.fetch("https://api.example/x").then((response) => response.status, (error) => error.code);
    assert.deepEqual({ uncaught, outcome }, { uncaught: [], outcome: 200 });
  });

test("resume() ends where another version has saved what this one cannot read", async () => {
  globalThis.core = { step_up: { of: "another version" }, waiting: [] };
  sessionStorage.setItem("stepup:awaited", JSON.stringify({ state: "s", returnTo: "/" }));
  const stepup = (await load(back))({ ...redirects, session: () => ({ sub: "alice" }) });
  const late = new Promise((resolve) => setTimeout(() => resolve("never"), 2000));
  assert.notEqual(await Promise.race([stepup.resume(), late]), "never");
});

test("t54 t67 what was saved for one user is not sent by the next", async () => {
  globalThis.core = { step_up: {}, waiting: [] };
  sessionStorage.setItem("stepup:awaited", JSON.stringify({ state: "s", returnTo: "/" }));
  let user = "alice";
  const sent = [];
  globalThis.fetch = async (input, init) => (sent.push(new Headers(init?.headers).get("authorization")), new Response("done"));
  const stepup = (await load(back))({ ...redirects, session: () => ({ sub: user, accessToken: user }) });
  const resumed = await stepup.resume({ replay: "ask" });
  stepup.clear();
  user = "bob";
  const outcome = await resumed.results[0].send().then((response) => response.status, (error) => error.code);
  assert.deepEqual({ outcome, sent }, { outcome: "session_changed", sent: [] });
});

test("t53 nor is it sent when it is too late", async () => {
  globalThis.core = { step_up: {}, waiting: [] };
  sessionStorage.setItem("stepup:awaited", JSON.stringify({ state: "s", returnTo: "/" }));
  globalThis.until = Date.now() - 1;
  const stepup = (await load(back))({ ...redirects, session: () => ({ sub: "alice" }) });
  const resumed = await stepup.resume({ replay: "ask" });
  globalThis.until = Infinity;
  const outcome = await resumed.results[0].send().then((response) => response.status, (error) => error.code);
  assert.equal(outcome, "pending_expired");
});

test("two SDKs of one page: the one that awaits nothing does not keep the other away", async () => {
  const { absence } = await import(join(packageFolder, "away.js"));
  const [one, two] = ["stepup https://one spa", "stepup https://two spa"].map(absence);
  one.begin(Date.now() + 300_000);
  two.end(); // resume() of the second: tabs.back()
  one.end(); // the first is taken up, and its step-up ends
  assert.equal(one.until(), undefined);
});
