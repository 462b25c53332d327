// @ts-check
/**
 * What a page pays for from the start. Requests to other places pass; everything else is the business of
 * `loader.js`, which is on its way from then on. Until it is there, this does what must be done inside the
 * call itself, and every byte of it is on the page's critical path: the order of what is here is the one that
 * compresses best.
 */

import { nameOf } from "./name.js";
import { StepUpError, isStepUpError } from "./error.js";

export { StepUpError, isStepUpError };

/** @typedef {ReturnType<typeof import("./loader.js").start>} Loader */

/** @param {any} url */
const parse = (url) => new URL(url, globalThis.document?.baseURI ?? globalThis.location);

/** What the loader exports. @type {(name: string) => any} */
const lazy =
  (name) =>
  async (/** @type {any[]} */ ...given) => {
    /** @type {any} */
    const it = await import("./loader.js").catch((cause) => {
      throw new StepUpError("wasm_unavailable", { cause });
    });
    return it[name](...given);
  };

/** @type {typeof import("./index.d.ts").createStepUp} */
export const createStepUp = (options) => {
  /** Another one after each `clear()`: what began before it must not go on after it. @type {object | undefined} */
  let epoch;
  /** What `install()` replaced. @type {typeof fetch | null | undefined} */
  let original;
  /** @type {(() => void) | null | undefined} */
  let undo;
  /** @type {Promise<Loader> | undefined} */
  let loading;
  /** The window for who waits for the loader: one click, one window. @type {Window | null | undefined} */
  let opening;
  /** @type {Loader | undefined} */
  let loader;

  /**
   * Before the loader is there: what is asked for goes out as it is now, whatever its owner does to it. If
   * the loader does not come, it goes without a token; and who gives up does not wait for it.
   * @param {any} input @param {any} [init] @returns {Promise<Response>}
   */
  const early = (input, init) =>
    new Promise((resolve, reject) => {
      const request = new Request(input.url ? input : parse(input), init);
      const { signal } = request;
      signal.throwIfAborted();
      signal.onabort = () => reject(signal.reason);
      later("fetch", () => ({ fetch: () => native(request) }))(
        input,
        { ...init },
        request,
        // Of a form or a query there are bytes only in the Request.
        init?.body?.getAll && [...init.body],
        init,
      ).then(resolve, reject);
    });

  /** At once where the loader is there, else when it has come. @type {(name: string, instead?: () => any) => any} */
  const later =
    (name, instead) =>
    async (/** @type {any[]} */ ...given) => {
      const began = epoch;
      /** @type {any} */
      const it =
        loader ??
        (await (loading ??= lazy("start")(options, target, native, () => opening).then(
          (/** @type {Loader} */ ready) => (loader = ready),
          (/** @type {unknown} */ error) => {
            opening = loading = /** @type {undefined} */ (opening?.close());
            throw error;
          },
        )).catch(instead));
      if (began !== epoch) throw new StepUpError("session_changed");
      return it[name](...given);
    };

  /** @type {typeof fetch} */
  const stepUpFetch = (/** @type {any} */ input, init) => {
    if (loader) return loader.fetch(input, init);
    /** @type {unknown} */
    let ours = 1;
    try {
      const { host, pathname } = parse(input.url ?? input);
      // Rather once too often, since the loader looks again; and what has no host is told to be no API there.
      ours = options.apis.some(
        (/** @type {any} */ api) =>
          (parse(api.origin ?? api).host || host) === host && `${pathname}/`.includes(api.pathPrefix ?? ""),
      );
    } catch {
      // Whatever is wrong, the loader says so, or `fetch`.
    }
    return (ours ? early : native)(input, init);
  };

  /** @type {import("./call.js").Fetch} */
  const native = (input, init) => (original ?? fetch)(input, init);

  const target = new (class extends EventTarget {
    clear = () => {
      epoch = {};
      const at = Date.now();
      try {
        // Before this returns, since the app may leave the page at once: the other tabs see it.
        localStorage[nameOf(options)] = at;
      } catch {
        // Then the loader tells them, if the page is still there.
      }
      later("clear")(at).catch(() => {});
    };
    prepare = later("prepare");
    resume = async (/** @type {import("./index.d.ts").ResumeOptions} */ how) => {
      try {
        if (loader || sessionStorage["stepup:awaited"]) return later("resume")(how);
      } catch {
        // Then nothing is awaited either.
      }
      return null;
    };
    preload = later("preload");
    install = () => {
      if (!undo) {
        const before = (original = fetch);
        /** @type {typeof fetch} */
        const wrapper = (input, init) => (undo === end ? stepUpFetch : before)(input, init);
        globalThis.fetch = wrapper;
        const end = (undo = () => {
          if (undo !== end) return;
          undo = original = null;
          // Where somebody has wrapped us meanwhile, our wrapper stays and lets everything through.
          if (fetch === wrapper) globalThis.fetch = before;
        });
      }
      return undo;
    };
    ensure = (/** @type {import("./index.d.ts").EnsureOptions | undefined} */ asked) => {
      // Inside the click, where the popup is the first method for certain. The loader closes what it does not need.
      if (
        !loader &&
        globalThis.navigator?.userActivation?.isActive &&
        /** @type {any} */ (
          asked?.methods ??
            options.methods ??
            options.firstPartyApps ??
            options.bff?.passkey ??
            options.authenticate ??
            options.passkey ?? ["popup"]
        )[0] === "popup"
      )
        opening ??= open("", "_blank", "popup");
      return later("ensure")(asked);
    };
    fetch = stepUpFetch;
    get assurance() {
      return loader?.assurance();
    }
    token = (/** @type {import("./index.d.ts").Requirement} */ asked) => loader?.token(asked);
  })();
  // Whatever is asked of it sends for the loader; on a server nothing else does.
  if (globalThis.document) later("assurance")().catch(() => {});
  return /** @type {any} */ (target);
};

/** @type {typeof import("./index.d.ts").parseChallenges} */
export const parseChallenges = lazy("parseChallenges");

/** @type {typeof import("./index.d.ts").passkey} */
export const passkey = {
  get: lazy("get"),
  capabilities: lazy("capabilities"),
  create: lazy("create"),
};
