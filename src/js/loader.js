// @ts-check
/**
 * The loader: which token goes with a request to one of the app's APIs, and does its answer smell of a
 * challenge? Everything else is loaded when it does.
 */

import { placeOf, placesOf } from "./apis.js";
import { keep, own } from "./call.js";
import { post } from "./channel.js";
import { asItWas } from "./early.js";
import { StepUpError, isStepUpError } from "./error.js";
import { nameOf } from "./name.js";
import { plainOrigin, read } from "./plain.js";
import { warm } from "./warm.js";
import { coreOf } from "./wasm.js";
import { windowsOf } from "./windows.js";

/**
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./engine.js").Engine} Engine
 * @typedef {import("./engine.js").Published} Published
 */

/** http is as good as https only on this very machine (W3C Secure Contexts §3.1). @param {string} origin */
const trustworthy = (origin) =>
  /^(https:.*|http:\/\/(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])(:\d+)?)$/.test(origin);

/** @type {{ token?: string, send?: Published["send"] }} */
const NONE = {};

/**
 * @param {StepUpOptions} options
 * @param {EventTarget} target where events go
 * @param {import("./call.js").Fetch} native the page's own `fetch`
 * @param {() => Window | null | undefined} opened the window of a click that was before
 */
export const start = (options, target, native, opened) => {
  /** @type {import("./apis.js").Place[]} */
  let apis;
  /** Their origins, once they are known, and whether each is to be trusted. @type {Map<string, boolean> | undefined} */
  let origins;
  /** @type {Engine | undefined} */
  let engine;
  /** @type {Promise<Engine> | undefined} */
  let loading;
  /** Grows with each `clear()`: what began before it must not go on after it. */
  let epoch = 0;
  /** Which of all SDKs, in all tabs, this one is. */
  const me = Math.random();
  /** @type {(Published | null)[]} */
  let published = [];
  const warned = new Set();
  /** The key of tokens that are forgotten is being deleted. @type {Promise<void> | undefined} */
  let forgotten;
  /** How many requests to the APIs are on the wire, or about to be. */
  let flying = 0;
  /** What asks before a request leaves, once it is loaded. */
  /** @type {import("./rules.js").Rules | undefined} */
  let rules;

  /** @param {string} type @param {object} detail */
  const emit = (type, detail) =>
    target.dispatchEvent(new CustomEvent(type, { detail: { flow: "", at: Date.now(), ...detail } }));

  /** @param {string} code @param {string} message */
  const diagnose = (code, message) => {
    emit("diagnostic", { code, message });
    if (warned.has(message)) return;
    warned.add(message);
    console.warn(`stepup: ${message}`);
  };

  const load = () => {
    if (loading) return loading;
    // Both at once: one comes while the other does.
    coreOf(options.wasm, native);
    const cool = warm(options);
    loading = import("./engine.js")
      .then((module) =>
        module.start(options, {
          emit,
          native,
          diagnose,
          detect,
          run,
          resend: (call) => (options.rules ? byRules(call) : run(call)),
          readable,
          flying: () => flying,
          me,
          cleared: () => (epoch += 1),
          forgotten: () => forgotten,
          publish: (all) => {
            published = all;
          },
        }),
      )
      .then(
        (started) => (engine = started),
        (cause) => {
          loading = undefined;
          throw isStepUpError(cause) ? cause : new StepUpError("wasm_unavailable", { cause });
        },
      )
      .finally(cool);
    return loading;
  };

  /**
   * The engine, for what began in this epoch.
   * @param {number} began @param {Response} [response]
   */
  const engineFor = async (began, response) => {
    let ready;
    try {
      ready = engine ?? (await load());
    } catch (error) {
      const { code, cause } = /** @type {import("./index.d.ts").StepUpError} */ (error);
      throw new StepUpError(code, { cause: cause ?? error, response });
    }
    if (began !== epoch) throw new StepUpError("session_changed", { response });
    return ready;
  };

  /** By the time, and by the clock that nobody sets back. @param {Published} held */
  const lives = ({ until, end }) => until > Date.now() && end > performance.now();

  /** The token that is held for a request, if any. @param {Call} call */
  const heldFor = (call) => {
    const narrow = call.stepup.authorizationDetails && engine?.narrow(call);
    let held = narrow || published[call.index];
    let live = held && lives(held);
    if (held && !live) {
      // There may be another one beside it.
      engine?.expired();
      held = published[call.index];
      live = held && lives(held);
    }
    // Only the API's word leads to a renewal, so what has expired is sent to get it.
    if (!held || !(live || (held.renewable && call.replayable))) return undefined;
    call.serial = held.serial;
    if (held.once && !narrow) engine?.spent(held.serial);
    return held;
  };

  /**
   * The session's token, which is waited for only where the app makes us wait.
   * @returns {typeof NONE | Promise<typeof NONE>}
   */
  const sessions = () => {
    const failed = (/** @type {unknown} */ error) => {
      diagnose("session_failed", `session() failed, the request goes as it is: ${error}`);
      return NONE;
    };
    const tokenOf = (/** @type {any} */ session) => ({ token: session?.accessToken });
    try {
      /** @type {any} */
      const session = options.session?.();
      return session?.then ? Promise.resolve(session).then(tokenOf).catch(failed) : tokenOf(session);
    } catch (error) {
      return failed(error);
    }
  };

  /** What the app's own detector finds. @param {Call} call @param {Response} response */
  const detect = async ({ api }, response) => {
    try {
      return response.ok ? undefined : await api.detect?.(response.clone());
    } catch (error) {
      diagnose("detect_failed", `detect() failed, the answer passes as it is: ${error}`);
      return undefined;
    }
  };

  /** What is not for somebody else for certain. It waits for nothing, which would cost more than it does. @param {any} input @param {any} init @param {unknown} url @returns {Promise<Response>} */
  const judge = (input, init, url) => {
    try {
      return sorted(input, init, url);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  /** @type {typeof judge} */
  const sorted = (input, init, url) => {
    if (!origins) {
      apis ??= placesOf(options);
      origins = new Map(apis.map(({ origin }) => [origin, trustworthy(origin)]));
    }
    let place;
    try {
      place = own.has(input) ? undefined : read(url);
    } catch {
      // Not a URL: `fetch` says so better.
    }
    const index = place ? placeOf(apis, place) : -1;
    if (!place || index < 0) return native(input, init);
    if (!origins.get(place.origin)) throw new StepUpError("origin_not_allowed", { message: place.origin });
    const call = keep(input, init ?? {}, place.href, apis[index].api, index, options.bff?.csrf);
    if (options.rules) return byRules(call);
    return options.rememberRequirements && engine ? engine.demanded(call, []) : run(call);
  };

  /** What was asked for before this was there. @type {(...given: Parameters<typeof asItWas>) => Promise<Response>} */
  const late = async (...given) => {
    const began = epoch;
    const [input, init] = await asItWas(...given);
    if (began !== epoch) throw new StepUpError("session_changed");
    return stepUpFetch(input, init);
  };

  /**
   * @param {any} input @param {any} [init] @param {Request} [request] @param {[string, FormDataEntryValue][]} [entries]
   * @param {any} [theirs]
   * @returns {Promise<Response>}
   */
  const stepUpFetch = (input, init, request, entries, theirs) => {
    if (request) return late(input, init, request, entries, theirs);
    const url = typeof input === "string" ? input : (input?.url ?? input?.href ?? input);
    const origin = typeof url === "string" ? plainOrigin(url) : undefined;
    return origin && origins && !origins.has(origin) ? native(input, init) : judge(input, init, url);
  };

  /** The app's rules; none where they cannot be loaded. */
  const loadRules = async () => {
    try {
      const { rulesOf } = await import("./rules.js");
      apis ??= placesOf(options);
      return (rules ??= await rulesOf(options, apis, { run, withWindow, diagnose, engine: () => engine }));
    } catch (error) {
      if (isStepUpError(error)) throw error;
      diagnose("rules_unavailable", `the rules cannot be loaded, requests leave without them: ${error}`);
      return undefined;
    }
  };

  /** Lets the app's rules ask first: at once, where they are loaded. @param {Call} call @returns {Promise<Response>} */
  const byRules = async (call) => {
    const began = epoch;
    flying += 1;
    try {
      const ready = rules ?? (await loadRules());
      // The API demands all the same what a rule would have asked for.
      if (!ready) return await run(call);
      const asked = ready(call);
      return ready.goOn(call, "then" in asked ? await asked : asked, began);
    } finally {
      flying -= 1;
    }
  };

  /** Says why a challenge may go unseen. @param {Call} call @param {Response} response */
  const readable = ({ url }, { status, type, headers }) => {
    if (status === 401 && type === "cors" && !headers.has("WWW-Authenticate"))
      diagnose(
        "challenge_unreadable",
        `a 401 from ${new URL(url).origin} has no readable WWW-Authenticate header; ` +
          "list it in Access-Control-Expose-Headers",
      );
  };

  /** Sends a request of an API, and steps up if it is challenged. @param {Call} call @returns {Promise<Response>} */
  const run = async (call) => {
    flying += 1;
    try {
      const began = epoch;
      // With a backend a cookie carries the session.
      const ready = options.bff ? NONE : (heldFor(call) ?? sessions());
      const { token, send } = "then" in ready ? await ready : ready;
      const response = await (send ? send(call) : call.send(native, token));
      const { ok, status } = response;
      // Somebody else's answer, at the end of a redirect, is no challenge of this API.
      if (ok && call.onTrial) engine?.wentThrough(call);
      if (ok || (response.redirected && new URL(response.url).origin !== new URL(call.url).origin)) return response;
      const header = status === 401 || status === 403 ? response.headers.get("WWW-Authenticate") : "";
      readable(call, response);
      const detected = await detect(call, response);
      if (detected || /insufficient_/i.test(header ?? ""))
        return (await engineFor(began, response)).challenged(call, response, detected);
      // A held token that the API does not take any more is renewed, or hides the session's newer one.
      return status === 401 && call.serial && engine ? engine.refused(call, response) : response;
    } finally {
      // A challenge has been handed over by then, and is waited for elsewhere.
      flying -= 1;
    }
  };

  const { withWindow, drop } = windowsOf(options, opened(), () => engine, engineFor);

  /** @type {import("./index.d.ts").StepUp["ensure"]} */
  const ensure = (given) => {
    const asked = given ?? {};
    return withWindow([asked], undefined, epoch, (ready, opened) => ready.ensured(asked, opened));
  };

  /** Whether this tab awaited a user who was away: from now on it is this very page that may leave. */
  const awaited = (() => {
    try {
      return !!sessionStorage.getItem("stepup:awaited");
    } catch {
      return false;
    }
  })();

  /** @type {Promise<import("./index.d.ts").Resumed | null> | undefined} */
  let resuming;
  /** @type {import("./index.d.ts").StepUp["resume"]} */
  const takeUp = async (how) => {
    const began = epoch;
    try {
      // The code leaves the address bar before anything else is fetched.
      const { response } = await import("./return.js").catch((cause) => {
        throw new StepUpError("wasm_unavailable", { cause });
      });
      response(options.redirectUri);
      return await (await engineFor(began)).resume(how);
    } catch (error) {
      // What was saved is still there.
      if (/^(wasm|storage)_/.test(/** @type {any} */ (error).code)) resuming = undefined;
      throw error;
    }
  };
  /** @type {import("./index.d.ts").StepUp["resume"]} */
  const resume = (how) => (resuming ??= awaited ? takeUp(how) : Promise.resolve(null));

  return {
    fetch: stepUpFetch,
    ensure,
    assurance: () => engine?.assurance(),
    token: (/** @type {import("./index.d.ts").Requirement} */ requirement = {}) =>
      engine?.token(requirement),
    resume,
    preload: async () => {
      const [ready] = await Promise.all([load(), options.rules && loadRules()]);
      // Whatever becomes of it: a step-up reads it anew, and says what is wrong.
      await ready.lookAhead().catch(() => {});
    },
    prepare: async (/** @type {import("./index.d.ts").Rule} */ what) =>
      // The rules as well: the click that it is prepared for is not to wait for them, and says what is wrong with them.
      (await Promise.all([engineFor(epoch), options.rules && loadRules().catch(() => {})]))[0].prepare(what),
    /** @param {number} at what is written down of it, for the other tabs */
    clear: (at) => {
      epoch += 1;
      published = [];
      drop();
      try {
        engine?.cleared();
      } finally {
        // Also where the instance dies of it.
        post(nameOf(options), { from: me, cleared: at });
        // What was saved, by this page or one before it, was that user's.
        if (options.methods?.includes("redirect"))
          import("./redirect.js").then(({ forgetAll }) => forgetAll(options)).catch(() => {});
        if (options.dpop)
          forgotten = import("./dpop.js").then(({ forget }) => forget(options)).catch(() => {});
      }
    },
  };
};

/** @type {typeof import("./index.d.ts").parseChallenges} */
export const parseChallenges = async (input, options = {}) => {
  const headers = /** @type {Response} */ (input).headers ?? input;
  const text = typeof headers === "string" ? headers : headers.get("WWW-Authenticate");
  if (text === null) return [];
  coreOf(options.wasm);
  const { parse } = await import("./engine.js");
  return parse(text, options.wasm);
};

const ceremonies = () =>
  import("./passkey.js").catch((cause) => {
    throw new StepUpError("wasm_unavailable", { cause });
  });

/** @type {typeof import("./index.d.ts").passkey.get} */
export const get = async (options, settings) => (await ceremonies()).get(options, settings);

/** @type {typeof import("./index.d.ts").passkey.create} */
export const create = async (options, settings) => (await ceremonies()).create(options, settings);

/** @type {typeof import("./index.d.ts").passkey.capabilities} */
export const capabilities = async () => (await ceremonies()).capabilities();
