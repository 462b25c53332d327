// @ts-check
/** The app's rules: which requests ask before they leave, and what they are asked for. */

import { StepUpError, isStepUpError } from "./error.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./engine.js").Engine} Engine
 * @typedef {import("./index.d.ts").Requirement} Requirement
 * @typedef {import("./index.d.ts").Rule} Rule
 * @typedef {import("./index.d.ts").RuleRequest} RuleRequest
 * @typedef {Requirement | null | undefined} Demand
 * @typedef {((call: Call) => Requirement[] | Promise<Requirement[]>) & {
 *   goOn: (call: Call, asked: Requirement[], began: number) => Promise<Response>,
 * }} Rules what is demanded of a request, at once where no rule takes its time; and what follows
 */

/** The browser's own, else the copy that comes with the package. @returns {Promise<typeof import("./urlpattern.js").URLPattern>} */
const loadPattern = async () =>
  /** @type {any} */ (globalThis).URLPattern ?? (await import("./urlpattern.js")).URLPattern;

/** @param {string} message @param {unknown} [cause] */
const invalid = (message, cause) => new StepUpError("configuration_invalid", { message, cause });

/**
 * Whether a URL matches; a string is relative to the API, or to what is below its path prefix.
 * @param {Awaited<ReturnType<typeof loadPattern>>} Pattern @param {Rule["url"]} url @param {string} base
 * @returns {(href: string) => boolean}
 */
const matcher = (Pattern, url, base) => {
  if (url === undefined) return () => true;
  if (typeof url !== "string" && "test" in url) return (href) => url.test(href);
  const pattern = typeof url === "string" ? new Pattern(url, base) : new Pattern(url);
  // Where a string says nothing about the query, older engines take that for "none".
  const any = typeof url === "string" && !pattern.search;
  return (href) => pattern.test(href) || (any && pattern.test(href.replace(/\?.*/s, "")));
};

/** Whether what a text says before its first special character leads past an API's path prefix. @param {Rule["url"]} url @param {string} prefix */
const misses = (url, prefix) => {
  if (typeof url !== "string" || !url.startsWith("/")) return false;
  const [literal = ""] = url.split(/[:*({\\?+]/);
  return !`${literal}/`.startsWith(`${prefix}/`) && !(literal !== url && `${prefix}/`.startsWith(literal));
};

/** What a rule's functions see of a request. Whatever they do with that, it is sent as it is. @param {Call} call @returns {RuleRequest} */
const seen = (call) => {
  const { url, method, request, init, stepup } = call;
  const body = () => {
    if (request) return request.clone();
    const given = /** @type {any} */ (init.body);
    if (given?.getReader) {
      const [one, other] = given.tee();
      init.body = one;
      return new Response(other);
    }
    if (given?.[Symbol.asyncIterator] && !(given instanceof Blob))
      throw new StepUpError("replay_unavailable", { message: "the body can be read once" });
    return new Response(given);
  };
  return {
    url,
    method,
    headers: new Headers(request?.headers ?? init.headers),
    stepup,
    text: async () => body().text(),
    json: async () => body().json(),
    // Not every engine reads a form that has files out of a body.
    formData: async () => {
      if (!(init.body instanceof FormData)) return body().formData();
      const form = new FormData();
      init.body.forEach((value, name) => form.append(name, /** @type {any} */ (value)));
      return form;
    },
    arrayBuffer: async () => body().arrayBuffer(),
  };
};

/** @param {unknown} value @returns {value is Promise<any>} */
const isPromise = (value) => typeof (/** @type {any} */ (value)?.then) === "function";

/**
 * @param {import("./index.d.ts").StepUpOptions} options
 * @param {import("./apis.js").Place[]} places
 * @param {{
 *   run: (call: Call) => Promise<Response>,
 *   withWindow: (
 *     asked: import("./index.d.ts").EnsureOptions[], call: Call, began: number,
 *     goOn: (ready: Engine, opened: Window | undefined) => Promise<Response>,
 *   ) => Promise<Response>,
 *   engine: () => Engine | undefined, diagnose: (code: string, message: string) => void,
 * }} page
 */
export const rulesOf = async ({ rules = [], rememberRequirements }, places, page) => {
  const Pattern = await loadPattern();
  const compiled = rules.map((rule, at) => {
    try {
      if (places.length && places.every(({ prefix }) => misses(rule.url, prefix)))
        page.diagnose("rule_unreachable", `rules[${at}].url is below no pathPrefix of apis, so it never matches`);
      return {
        rule,
        name: `rules[${at}]`,
        methods: rule.method === undefined ? undefined : [rule.method].flat().map((it) => it.toUpperCase()),
        matches: places.map(({ origin, prefix }) => matcher(Pattern, rule.url, `${origin}${prefix}/`)),
      };
    } catch (cause) {
      throw invalid(`rules[${at}].url`, cause);
    }
  });

  /** @param {typeof compiled[number]} one @param {RuleRequest} request @returns {Demand | Promise<Demand>} */
  const demandOf = ({ rule: { when, require } }, request) => {
    const demand = () => (typeof require === "function" ? require(request) : require);
    const applies = when ? when(request) : true;
    return isPromise(applies) ? applies.then((yes) => (yes ? demand() : null)) : applies ? demand() : null;
  };

  /** The request is not sent where nobody can tell what it needs. @param {string} name @param {unknown} error */
  const failed = (name, error) =>
    isStepUpError(error) ? error : invalid(`${name} failed`, error);

  /** @type {any} */
  const of = (/** @type {Call} */ call) => {
    const matching = compiled.filter(
      ({ methods, matches }) =>
        (!methods || methods.includes(call.method.toUpperCase())) && matches[call.index]?.(call.url.replace(/#.*/s, "")),
    );
    let later = false;
    const demands = matching.map((one) => {
      try {
        const demand = demandOf(one, seen(call));
        if (!isPromise(demand)) return demand;
        later = true;
        return demand.catch((error) => {
          throw failed(one.name, error);
        });
      } catch (error) {
        throw failed(one.name, error);
      }
    });
    const some = (/** @type {Demand[]} */ all) => all.filter((demand) => demand != null);
    return later ? unlessAborted(Promise.all(demands).then(some), call.signal) : some(/** @type {Demand[]} */ (demands));
  };

  /** @type {Rules["goOn"]} */
  of.goOn = (call, asked, began) => {
    const { stepup, signal } = call;
    if (!asked.length) {
      const ready = rememberRequirements && page.engine();
      return ready ? ready.demanded(call, []) : page.run(call);
    }
    const { authorizationDetails: about } = stepup;
    const all = asked.map((demand) => ({ ...demand, ...(about && { authorizationDetails: about }), methods: stepup.methods, signal: signal ?? undefined }));
    return page.withWindow(all, call, began, (ready, opened) => ready.demanded(call, asked, opened));
  };
  return /** @type {Rules} */ (of);
};

/** The caller need not wait for what it does not want any more. @template T @param {Promise<T>} promise @param {AbortSignal | null} [signal] @returns {Promise<T>} */
const unlessAborted = (promise, signal) =>
  !signal
    ? promise
    : new Promise((resolve, reject) => {
        const stop = () => reject(signal.reason);
        if (signal.aborted) stop();
        signal.addEventListener("abort", stop);
        promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
      });
