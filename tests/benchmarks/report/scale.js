// @ts-check
/** What many requests cost. */

import { plot } from "./plots.js";
import { count, figure, table } from "./tables.js";

/**
 * @typedef {{
 *   requests: number, prompts: number, answered: number, microsecondsPerWaiter: number,
 *   wasmBytesPerWaiter?: number, heapBytesPerWaiter?: number,
 * }} Many
 * @typedef {{ waiters: Many[], loopback: Many, soak: any, idle: unknown[] }} Scale
 */

/** What the memory of a module grows by at the least. */
const PAGE = 64 * 1024;

/** @param {Record<string, Scale>} engines @param {string} plots */
export const scaleSection = async (engines, plots) => {
  const there = Object.entries(engines);
  await plot(`${plots}/scale.svg`, {
    title: { text: "Many requests, one prompt", subtitle: "µs for each of the requests that are challenged at once" },
    data: {
      values: there.flatMap(([engine, { waiters }]) =>
        waiters.map(({ requests, microsecondsPerWaiter }) => ({ engine, requests, value: microsecondsPerWaiter })),
      ),
    },
    mark: { type: "line", point: true },
    width: 520,
    height: 200,
    encoding: {
      x: { field: "requests", type: "quantitative", scale: { type: "log" }, title: "requests at once" },
      y: { field: "value", type: "quantitative", title: "µs each" },
      color: { field: "engine", type: "nominal" },
    },
  });
  const rows = there.flatMap(([engine, { waiters, loopback }]) =>
    [...waiters, loopback].map((one, at) => [
      `${engine}${at === waiters.length ? ", over loopback" : ""}`,
      count(one.requests),
      count(one.prompts),
      count(one.answered),
      figure(one.microsecondsPerWaiter),
      figure(one.wasmBytesPerWaiter),
      figure(one.heapBytesPerWaiter),
    ]),
  );
  const soaks = there.map(([engine, { soak, idle }]) => [
    engine,
    count(soak.requests),
    count(soak.prompts),
    count(soak.answered),
    figure(soak.wasmBytesPerRequest),
    figure(soak.heapBytesPerRequest),
    count(idle.length),
  ]);
  // Growth is looked for in the second half.
  const seen = Math.max(...there.map(([, { soak }]) => PAGE / (soak.requests / 2)));
  return `## Scale

So many requests are challenged at once, and one prompt serves them all:

![Many requests, one prompt](tests/benchmarks/plots/scale.svg)

${table(["engine", "requests", "prompts", "answered", "µs each", "bytes of wasm memory each", "bytes of heap each"], rows)}

One group of twenty after the other over one instance, with step-ups among them; the growth of memory is that of
a line through samples after collections in the second half, when all that is bounded has been full. The memory of
wasm grows by pages of 64 KiB: what leaks ${figure(seen)} bytes for each request, or more, needs one there, once what
is free is used up. Of the heap only Chromium tells.

${table(["engine", "requests", "step-ups", "answered", "wasm memory, bytes per request", "heap, bytes per request", "timers left when idle"], soaks)}`;
};
