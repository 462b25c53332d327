/** Many requests at once, and many one after the other: one prompt, no growth, and nothing that goes on. */

import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { BY_PASSKEY, ISSUER, TOKEN, provider, tokens } from "./issuer.js";
import { Stage, built, challenge, happens } from "./stage.js";

/** @type {any} */
const page = globalThis;

/** Timers that have neither fired nor been cleared, each by what began it. @type {Map<unknown, string>} */
const timers = new Map();
for (const [begin, clear] of /** @type {const} */ ([["setTimeout", "clearTimeout"], ["setInterval", "clearInterval"]])) {
  const [start, stop] = [page[begin], page[clear]];
  page[begin] = (/** @type {any} */ run, /** @type {any[]} */ ...more) => {
    const id = start((/** @type {any[]} */ ...given) => {
      if (begin === "setTimeout") timers.delete(id);
      run(...given);
    }, ...more);
    timers.set(id, `${begin} ${more[0]}\n${new Error().stack}`);
    return id;
  };
  page[clear] = (/** @type {unknown} */ id) => {
    timers.delete(id);
    stop(id);
  };
}

/** What all modules export; what a name stands for, only the package knows. @type {unknown[][]} */
const exported = [];
const { instantiate } = WebAssembly;
page.WebAssembly.instantiate = async (/** @type {any[]} */ ...given) => {
  const made = await /** @type {any} */ (instantiate)(...given);
  exported.push(Object.values((made.instance ?? made).exports));
  return made;
};
const entries = (/** @type {WebAssembly.Table} */ table) =>
  Array.from({ length: table.length }, (_, at) => table.get(at));
/**
 * The memories of the package's modules, and of no other; and where they keep what is JavaScript's: wasm-bindgen
 * puts `true` there from the start.
 */
const modules = () =>
  exported.flatMap((all) => {
    const memory = all.find((one) => one instanceof WebAssembly.Memory);
    const tables = all.filter((one) => one instanceof WebAssembly.Table);
    const references = tables.find((table) => entries(table).includes(true));
    return memory && references ? [{ memory, references }] : [];
  });

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
/** What is in use, after a collection. */
const inUse = async () => {
  // What waits for a collection to be let go, waits for the next one to be gone: until it gets no less.
  for (let [before, now] = [Infinity, 0], times = 0; times < 10 && now < before - 10_000; times += 1) {
    before = times ? now : Infinity;
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    now = process.memoryUsage().heapUsed;
  }
  return {
    wasm: modules().reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0),
    // A place that is free holds null.
    references: modules().reduce(
      (sum, { references }) => sum + entries(references).filter((one) => one !== null).length,
      0,
    ),
    heap: process.memoryUsage().heapUsed,
  };
};

/** @type {typeof import("../../src/js/index.d.ts")} */
const { createStepUp } = await import(built);

const API = "https://api.example";

/** @type {Stage} */
let stage;
/** How many tokens were given. */
let given = 0;
/** What the API answers. @type {(url: string, token: string | undefined) => Response} */
let api;

beforeEach(() => {
  stage = new Stage();
  given = 0;
  stage.answers = {
    ...provider(),
    [TOKEN]: ({ body }) =>
      tokens({ nonce: new URLSearchParams(body).get("nonce") }, { access_token: `high-${(given += 1)}` }),
  };
  const network = globalThis.fetch;
  // The stage writes down all that is sent, which would be what grows.
  page.fetch = async (/** @type {any} */ input, /** @type {any} */ init) => {
    const url = String(input.url ?? input);
    if (!url.startsWith(ISSUER)) return api(url, token(new Headers(init?.headers ?? input.headers)));
    const answer = await network(input, init);
    stage.sent.length = 0;
    return answer;
  };
});

/** @param {Headers} headers */
const token = (headers) => /^Bearer (high-\d+)$/.exec(headers.get("authorization") ?? "")?.[1];

const make = () => createStepUp(BY_PASSKEY);

/** Sends so many that are challenged while one prompt waits, and tells how long each took, in milliseconds. @param {number} count */
const together = async (count) => {
  const stepup = make();
  let challenged = 0;
  /** @type {(value?: unknown) => void} */
  let allWait = () => {};
  const waiting = new Promise((resolve) => (allWait = resolve));
  stepup.addEventListener("challenge", () => (challenged += 1) === count && allWait());
  api = (_, token) => (token ? new Response(token) : challenge());
  const { authenticator } = stage;
  stage.authenticator = async (request) => {
    await waiting;
    return authenticator(request);
  };
  const asked = stage.ceremonies.length;
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: count }, (_, n) => stepup.fetch(`${API}/things/${n}`)));
  const took = performance.now() - began;
  stage.authenticator = authenticator;
  assert.equal(answers.filter(({ ok }) => ok).length, count);
  assert.equal(stage.ceremonies.length - asked, 1, "one prompt");
  return took / count;
};

suite("many requests", () => {
  // First: room that many have left free would hide what is lost.
  test("t22 memory stays as it is while one instance sends twenty thousand", async () => {
    const stepup = make();
    // An app may give all its requests the same signal, for as long as it lives.
    const { signal } = new AbortController();
    /** What was refused, for the requests that want a newer token. @type {Map<string, string | undefined>} */
    const refused = new Map();
    api = (url, token) => {
      if (!url.includes("/high/") || (refused.has(url) && token && token !== refused.get(url))) {
        refused.delete(url);
        return new Response(null);
      }
      refused.set(url, token);
      return challenge("AL3", {}, ", max_age=0");
    };
    /** @param {number} n */
    const send = async (n) => {
      if (n % 50 === 0) {
        // A user who clicks wishes to be asked; clocks count whole milliseconds.
        await new Promise((resolve) => setTimeout(resolve, 3));
        happens("click", {});
        return stepup.fetch(`${API}/high/${n}`);
      }
      if (n % 4 === 0) return stepup.fetch(`https://elsewhere.example/${n}`);
      if (n % 4 === 1) return stepup.fetch(`${API}/things/${n}`, { signal });
      if (n % 4 === 2) return stepup.fetch(`${API}/things`, { method: "POST", body: `${n}`, signal });
      return stepup.fetch(new Request(`${API}/things/${n}`, { headers: { "X-Number": `${n}` } }));
    };
    /** @type {Awaited<ReturnType<typeof inUse>>[]} */
    const samples = [];
    for (let n = 0; n < 20_000; n += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => send(n + at)));
      assert.ok(answers.every(({ ok }) => ok));
      stage.ceremonies.length = 0;
      if ((n + 20) % 2000 === 0) samples.push(await inUse());
    }
    assert.equal(given, 400, "each of those that were challenged had a prompt");
    const [half, whole] = [samples[4] ?? assert.fail(), samples[9] ?? assert.fail()];
    assert.ok(half.wasm > 0);
    assert.equal(whole.references, half.references);
    // One page, if it comes to that: answers are not all of one length.
    assert.ok(whole.wasm - half.wasm <= 65_536, `the wasm has grown from ${half.wasm} to ${whole.wasm} bytes`);
    // A collection leaves now more, now less. Forty bytes for each of ten thousand would be a leak.
    const least = (/** @type {number} */ from, /** @type {number} */ to) =>
      Math.min(...samples.slice(from, to).map(({ heap }) => heap));
    const heap = least(7, 10) - least(1, 5);
    assert.ok(heap < 400_000, `the heap has grown by ${heap} bytes`);
  });

  test("t22 two thousand that are challenged at once share one prompt, and each costs what it costs among few", async () => {
    /** The quicker of two: nothing else of this machine is measured. @param {number} count */
    const quickest = async (count) => Math.min(await together(count), await together(count));
    await together(100);
    const [few, many] = [await quickest(250), await quickest(2000)];
    // Work that grows with the square would make it eight times as much.
    assert.ok(many < few * 3, `${few} ms each of 250, ${many} ms each of 2000`);
  });

  test("no timer runs when nobody waits", async () => {
    await together(20);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([...timers.values()], []);
  });
});
