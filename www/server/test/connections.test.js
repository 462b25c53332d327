import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { open, Visitor } from "./bank.js";

/** What a connection takes here, far longer than any answer. */
const HANDSHAKE = 1000;
/** Timers and the clock differ by a millisecond. */
const AT_LEAST = HANDSHAKE - 5;

/**
 * How long the answer takes, in milliseconds.
 * @param {string} address @param {import("node:http").RequestOptions} how
 */
const took = async (address, how) => {
  const began = performance.now();
  const { host, port, pathname: path } = new URL(address);
  const sent = request({ host: "127.0.0.1", port, path, headers: { Host: host, Connection: "keep-alive" }, ...how }).end();
  const [response] = await once(sent, "response");
  await once(response.resume(), "end");
  return performance.now() - began;
};

/** One connection, which stays open. @param {import("node:test").TestContext} t */
const agent = (t) => {
  const one = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => one.destroy());
  return { agent: one };
};

test("the provider's first answer on a new connection waits for what that takes, and no later one", async (t) => {
  const at = await open(t, { handshake: HANDSHAKE });
  const kept = agent(t);
  assert.ok((await took(`${at.issuer}/mark.svg`, kept)) >= AT_LEAST);
  assert.ok((await took(`${at.issuer}/mark.svg`, kept)) < AT_LEAST);
  assert.ok((await took(`${at.app}/config.js`, agent(t))) < AT_LEAST, "the app's is there since the page was loaded");
  await new Visitor(at).control("/options", { handshake: 0 });
  assert.ok((await took(`${at.issuer}/mark.svg`, agent(t))) < AT_LEAST);
});

test("a connection that was made ahead costs only what is left of it", async (t) => {
  const at = await open(t, { handshake: HANDSHAKE });
  const ahead = connect(at.port, "127.0.0.1");
  t.after(() => ahead.destroy());
  await once(ahead, "connect");
  await setTimeout(HANDSHAKE);
  const asked = took(`${at.issuer}/mark.svg`, { createConnection: () => ahead });
  assert.ok((await asked) < AT_LEAST);
});

test("requests at once share the connection that was there first, whichever comes first", async (t) => {
  const at = await open(t, { handshake: HANDSHAKE });
  const ahead = connect(at.port, "127.0.0.1");
  t.after(() => ahead.destroy());
  await once(ahead, "connect");
  await setTimeout(HANDSHAKE);
  const early = took(`${at.issuer}/mark.svg`, agent(t));
  await setTimeout(50);
  assert.ok((await took(`${at.issuer}/mark.svg`, { createConnection: () => ahead })) < AT_LEAST);
  assert.ok((await early) < AT_LEAST);
});

test("connections are ended on demand, but the one that asks for it", async (t) => {
  const at = await open(t, { handshake: HANDSHAKE });
  const kept = agent(t);
  await took(`${at.issuer}/mark.svg`, kept);
  const unused = connect(at.port, "127.0.0.1");
  await once(unused, "connect");
  const ended = once(unused.resume(), "close");
  const asking = agent(t);
  const disconnect = () => took(`http://control.localhost:${at.port}/disconnect`, { ...asking, method: "POST" });
  await disconnect();
  const [socket] = Object.values(asking.agent.freeSockets).flat();
  await ended;
  await disconnect();
  assert.equal(Object.values(asking.agent.freeSockets).flat()[0], socket);
  assert.ok((await took(`${at.issuer}/mark.svg`, kept)) >= AT_LEAST, "connected anew");
});

test("what a connection takes is a whole number of milliseconds, and nothing unless it is said", async (t) => {
  const at = await open(t);
  const visitor = new Visitor(at);
  assert.equal((await visitor.control("/options")).value.handshake, 0);
  for (const handshake of [-1, 0.5, "1", 10_001]) {
    assert.equal((await visitor.control("/options", { handshake })).status, 400, String(handshake));
  }
});
