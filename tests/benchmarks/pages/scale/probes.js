/** What the page keeps an eye on: timers, clocks, and the memory of the wasm. It must be there before the package is. */

/** @typedef {{ kind: string, after: number, by: string }} Timer */

/** Those that have neither fired nor been cleared. @type {Map<unknown, Timer>} */
const waiting = new Map();

const page = /** @type {any} */ (globalThis);

/** @param {string} kind @param {string} clear @param {boolean} once */
const watch = (kind, clear, once) => {
  const [begin, end] = [page[kind], page[clear]];
  if (!begin) return;
  page[kind] = (/** @type {any} */ run, /** @type {any} */ after, /** @type {any[]} */ ...more) => {
    const id = begin.call(
      page,
      (/** @type {any[]} */ ...given) => {
        if (once) waiting.delete(id);
        return run(...given);
      },
      after,
      ...more,
    );
    waiting.set(id, { kind, after: Number(after ?? 0), by: `${new Error().stack}` });
    return id;
  };
  page[clear] = (/** @type {unknown} */ id) => {
    waiting.delete(id);
    return end.call(page, id);
  };
};

const { setTimeout: later } = globalThis;

watch("setTimeout", "clearTimeout", true);
watch("setInterval", "clearInterval", false);
watch("requestIdleCallback", "cancelIdleCallback", true);
watch("requestAnimationFrame", "cancelAnimationFrame", true);

/** The package's own: an engine's automation may have some in the page as well. */
export const timers = () => [...waiting.values()].filter(({ by }) => by.includes("/stepup/"));

/** Lets everything happen that is about to, by a timer that is not counted. @param {number} [millis] */
export const pause = (millis = 0) => new Promise((resolve) => void later(resolve, millis));

/** How far the clocks are ahead of the true ones, in milliseconds. */
let ahead = 0;
for (const clock of [Date, performance]) {
  const now = clock.now.bind(clock);
  clock.now = () => now() + ahead;
}

/** Lets time pass in which nobody does anything: both clocks go on, timers do not. @param {number} millis */
export const pass = (millis) => void (ahead += millis);

/** What the modules export; what a name stands for, only the package knows. @type {unknown[][]} */
const exported = [];

/** @param {"instantiate" | "instantiateStreaming"} name */
const keepMemoryOf = (name) => {
  const before = /** @type {any} */ (WebAssembly[name]);
  if (!before) return;
  /** @type {any} */ (WebAssembly)[name] = async (/** @type {any[]} */ ...given) => {
    const made = await before.apply(WebAssembly, given);
    exported.push(Object.values((made.instance ?? made).exports));
    return made;
  };
};
keepMemoryOf("instantiate");
keepMemoryOf("instantiateStreaming");

/** Of all modules together, in bytes. It never shrinks. */
export const wasmBytes = () =>
  exported
    .flatMap((all) => all.find((one) => one instanceof WebAssembly.Memory) ?? [])
    .reduce((sum, memory) => sum + /** @type {WebAssembly.Memory} */ (memory).buffer.byteLength, 0);

/** What is in the tables where modules keep what is JavaScript's: wasm-bindgen puts `true` there from the start. */
const kept = () =>
  exported.flatMap((all) => {
    const tables = all.filter((one) => one instanceof WebAssembly.Table);
    const entries = tables.map((table) => Array.from({ length: table.length }, (_, at) => table.get(at)));
    return entries.filter((one) => one.includes(true)).flat();
  });

/** How many values of JavaScript the modules hold. A place that is free holds null. */
export const references = () => kept().filter((one) => one !== null).length;
