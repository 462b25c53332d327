// @ts-check
/** The core's side in JavaScript: promises, the app's functions, and what dies with the instance. */

import init, { Client, on_panic, parse_challenges, passkey_ceremony } from "./stepup.js";
import { jsonOf } from "./body.js";
import { own } from "./call.js";
import { carriedBy } from "./carried.js";
import { mayLeave, watchClicks } from "./clicks.js";
import { endpoints } from "./endpoints.js";
import { StepUpError, isStepUpError } from "./error.js";
import { saidBy } from "./peek.js";
import { prompter } from "./prompt.js";
import { detailsText, requirement, scopes, settings } from "./settings.js";
import { joinTabs } from "./tabs.js";
import { coreOf, forgetCore, wasmSource } from "./wasm.js";

/**
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 * @typedef {import("./index.d.ts").Requirement} Requirement
 * @typedef {import("./index.d.ts").EnsureOptions} EnsureOptions
 * @typedef {import("./index.d.ts").StepUpErrorCode} StepUpErrorCode
 * @typedef {import("./index.d.ts").AuthenticateRequest} AuthenticateRequest
 * @typedef {import("./call.js").Call} Call
 * @typedef {{
 *   serial: number, token: string, until: number, once: boolean, renewable: boolean, end: number,
 *   key?: string, send?: (call: Call) => Promise<Response>,
 * }} Published `end` is `until` by the clock that nobody sets back; `key` and `send` where the token is
 *   bound to a key
 * @typedef {{
 *   emit: (type: string, detail: object) => void, native: import("./call.js").Fetch,
 *   diagnose: (code: string, message: string) => void,
 *   detect: (call: Call, response: Response) => Promise<Requirement | null | undefined>,
 *   run: (call: Call) => Promise<Response>, resend: (call: Call) => Promise<Response>, flying: () => number, forgotten: () => unknown,
 *   readable: (call: Call, response: Response) => void,
 *   publish: (all: (Published | null)[]) => void, me: number, cleared: () => void,
 * }} Loader
 * @typedef {{
 *   resolve: (value: any) => void, reject: (reason: unknown) => void,
 *   call?: Call, response?: Response, gate?: StepUpOptions["gate"], signal?: AbortSignal | null, onAbort?: () => void,
 *   began?: number,
 * }} Waiter `began`: how often `clear()` had been called
 * @typedef {Awaited<ReturnType<typeof start>>} Engine
 */

/** How long a page that is to be left waits for what is on the wire, in milliseconds. */
const PATIENCE = 3000;

/** What ends with the one wasm instance that all of the page's SDKs share. */
/** @type {Set<(cause: unknown) => void>} */
const onDeath = new Set();
let dead = false;
/** @type {Promise<unknown> | undefined} */
let instance;

const die = (/** @type {unknown} */ cause) => {
  dead = true;
  for (const end of onDeath) end(cause);
  onDeath.clear();
};

/** Calls into wasm; a trap is the end of the instance. @template T @param {() => T} run */
const enter = (run) => {
  if (dead) throw new StepUpError("instance_dead");
  try {
    return run();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw failure(error);
    die(error);
    throw new StepUpError("instance_dead", { cause: error });
  }
};

/** The core throws `{ code, detail }`. @param {any} error */
const failure = (error) =>
  error?.code && !(error instanceof Error)
    ? new StepUpError(error.code, { message: error.detail })
    : error;

/** @param {StepUpOptions["wasm"]} wasm @param {import("./call.js").Fetch} [native] */
const instantiate = (wasm, native) =>
  (instance ??= coreOf(wasm, native)
    .then((module_or_path) => init({ module_or_path }))
    .then(
      () => on_panic(die),
      (error) => {
        instance = undefined;
        forgetCore();
        throw error;
      },
    ));

/** @type {Promise<(request: object) => Promise<object>> | undefined} */
let verifier;

/** The second module, fetched while the user is busy. @param {StepUpOptions["wasm"]} wasm */
const loadVerifier = (wasm) =>
  (verifier ??= Promise.all([import("./id_token.js"), wasmSource(wasm, "idToken")])
    .then(([module, module_or_path]) =>
      module.default({ module_or_path }).then(() => module.verify_id_token),
    )
    .catch((error) => {
      verifier = undefined;
      throw error;
    }));

/** Loads something when it is first needed; what fails is tried again the next time. @template T @param {() => Promise<T>} load */
const lazily = (load) => {
  /** @type {Promise<T> | undefined} */
  let loading;
  return () =>
    (loading ??= load().catch((cause) => {
      loading = undefined;
      throw new StepUpError("wasm_unavailable", { cause });
    }));
};

/**
 * @param {StepUpOptions} options
 * @param {Loader} loader
 */
export const start = async (options, loader) => {
  const { emit, native, diagnose, detect, run, publish } = loader;
  await instantiate(options.wasm, native);
  /** @type {Map<number, Waiter>} */
  const waiters = new Map();
  let last = 0;
  /** How many requests are being sent again, or have an answer that is not judged yet. */
  let looking = 0;
  /** Until when the page may be left, as it was saved last. */
  let savedUntil = 0;
  /** How often `clear()` was called: what began before it must not go on after it. */
  let clears = 0;
  /** How long a server may take, in milliseconds. */
  const limit = (options.requestTimeout ?? 15) * 1000;
  const prompt = prompter();
  watchClicks();
  /** What is needed with bound tokens only. */
  const bound = lazily(async () => {
    const { prover } = await import("./dpop.js");
    return prover(options, { client, enter, forgotten: loader.forgotten });
  });
  /** @param {string} token @param {string} jkt */
  const sender = (token, jkt) => {
    const began = clears;
    const held = { token, jkt };
    return async (/** @type {Call} */ call, through = native, again = false) =>
      (await bound()).send(call, through, held, again, () => began === clears);
  };

  /** Ends a wait, once. @param {number} id */
  const leave = (id) => {
    const waiter = waiters.get(id);
    waiters.delete(id);
    if (waiter?.onAbort) waiter.signal?.removeEventListener("abort", waiter.onAbort);
    return waiter;
  };

  /** @param {Published | null} one */
  const sendable = (one) =>
    one && {
      ...one,
      end: one.until + performance.now() - Date.now(),
      send: one.key ? sender(one.token, one.key) : undefined,
    };

  /** What the core calls. */
  const host = {
    emit,
    diagnose,
    publish: (/** @type {(Published | null)[]} */ all) => publish(all.map(sendable)),
    key: async () => (await bound()).key(),
    prove: async (
      /** @type {string} */ key,
      /** @type {string} */ method,
      /** @type {string} */ url,
    ) => (await bound()).prove(key, method, url),
    own: (/** @type {Request} */ request) => void own.add(request),
    session: async () => {
      const { accessToken, idToken, sub, loginHint, scope } = (await options.session?.()) ?? {};
      const signedIn = !!accessToken;
      // A token of unknown width may do what a new one cannot: see `publish` in the core.
      const scopeUnknown = signedIn && (scope ?? options.scope) === undefined;
      const said = saidBy(idToken);
      return { idToken, said, sub, loginHint, scope: scopes(scope), signedIn, scopeUnknown };
    },
    authenticate: async (/** @type {AuthenticateRequest} */ request) => {
      const answer = await options.authenticate?.(request);
      const result = typeof answer === "string" ? { accessToken: answer } : answer;
      const { scope, authorizationDetails: details } = result ?? {};
      return {
        ...result,
        scope: scope === undefined ? undefined : scopes(scope),
        authorizationDetails: details && detailsText(details),
      };
    },
    verifier: () => loadVerifier(options.wasm),
    settle: (/** @type {number} */ id, /** @type {object} */ assurance) =>
      leave(id)?.resolve(assurance),
    reject: (
      /** @type {number} */ id,
      /** @type {StepUpErrorCode} */ code,
      /** @type {string} */ message,
      /** @type {unknown} */ cause,
    ) => {
      const waiter = leave(id);
      waiter?.reject(new StepUpError(code, { message, cause, response: waiter.response }));
    },
    giveBack: (/** @type {number} */ id) => {
      const waiter = leave(id);
      waiter?.resolve(waiter.response);
    },
    letGo: (/** @type {number} */ id, /** @type {boolean} */ onTrial) => {
      const waiter = leave(id);
      const call = waiter?.call;
      if (!call) return;
      const { began } = waiter;
      call.onTrial = onTrial;
      // Not before everything that has happened is taken in: it may be that another token counts now.
      const sent = Promise.resolve().then(() => {
        if (began !== clears) throw new StepUpError("session_changed");
        return run(call);
      });
      waiter.resolve(sent);
    },
    prepared: (/** @type {number} */ id, /** @type {boolean} */ ready) => leave(id)?.resolve(ready),
    renewalLock: async () => {
      const { renewalLock } = await import("./renewal-lock.js");
      return renewalLock(`${options.issuer} ${options.clientId}`, limit);
    },
    retry: (
      /** @type {number} */ id,
      /** @type {string | undefined} */ token,
      /** @type {string | undefined} */ key,
      /** @type {string} */ flow,
    ) => void underWay(() => retry(id, token, key, flow)),
    readJson: (/** @type {Response} */ response) => jsonOf(response),
    ...endpoints(options),
    beforeCeremony: options.beforeCeremony,
    showGate: (
      /** @type {import("./index.d.ts").GateModel} */ model,
      /** @type {number | undefined} */ leader,
      /** @type {import("./prompt.js").Asked["choose"]} */ choose,
      /** @type {import("./prompt.js").Asked["refuse"]} */ refuse,
    ) => {
      const { gate } = (leader && waiters.get(leader)) || {};
      // The page's own origin is in the address bar, and no provider's.
      if (options.bff && model.origin === globalThis.location?.origin) model.origin = "";
      prompt.show({ model, option: gate ?? options.gate, choose, refuse });
    },
    hideGate: prompt.hide,
    quiet: async () => {
      const until = performance.now() + PATIENCE;
      while (loader.flying() + looking > 0 && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
    save: async (
      /** @type {string} */ state,
      /** @type {number} */ until,
      /** @type {object} */ saved,
      /** @type {number[]} */ ids,
    ) => {
      const calls = ids.map((id) => waiters.get(id)?.call);
      const { save } = await import("./redirect.js");
      await save(options, state, until, saved, calls);
      savedUntil = until;
    },
    mayLeave,
    forget: (/** @type {string} */ state) =>
      void import("./redirect.js").then(({ forget }) => forget(state)).catch(() => {}),
    leave: (/** @type {string} */ url) => {
      tabs.leave(savedUntil);
      location.assign(url);
    },
    takeTurn: (/** @type {number} */ patience, /** @type {(what: string, handed?: object) => void} */ tell) =>
      tabs.take(patience, tell),
    forceTurn: () => tabs.force(),
    endTurn: () => tabs.end(),
    handOver: (/** @type {object} */ value) => tabs.handOver(value),
    clearOthers: (/** @type {string | undefined} */ sub) => tabs.tellCleared(sub),
  };

  const client = enter(() => new Client(settings(options), host));
  const tabs = joinTabs(options, loader.me, (sub) => {
    if (dead || !enter(() => client.cleared_elsewhere(sub))) return;
    clears += 1;
    loader.cleared();
    if (options.dpop) bound().then(({ drop }) => drop(), () => {});
  });
  onDeath.add((cause) => {
    prompt.hide();
    tabs.end();
    // Nobody can make proofs any more.
    if (options.dpop) publish([]);
    for (const id of [...waiters.keys()]) {
      const waiter = leave(id);
      waiter?.reject(new StepUpError("instance_dead", { cause, response: waiter.response }));
    }
  });

  if (options.methods?.includes("redirect"))
    import("./redirect.js").then(({ sweep }) => sweep()).catch(() => {});

  // From the browser's cache a page comes back as it was left, with nobody to tell it how it went.
  globalThis.addEventListener?.("pageshow", ({ persisted }) => {
    if (persisted && !dead) enter(() => client.interrupted());
  });

  /** Somebody waits from now on. @param {Partial<Waiter>} about @param {(id: number) => void} begin */
  const wait = (about, begin) =>
    new Promise((resolve, reject) => {
      const { signal } = about;
      signal?.throwIfAborted();
      const id = (last += 1);
      const onAbort = () => {
        leave(id)?.reject(signal?.reason);
        enter(() => client.aborted(id));
      };
      signal?.addEventListener("abort", onAbort);
      waiters.set(id, { ...about, onAbort, resolve, reject });
      try {
        enter(() => begin(id));
      } catch (error) {
        // Whatever is wrong with a challenge, its response stays readable.
        const { response } = about;
        leave(id)?.reject(response ? Object.assign(/** @type {Error} */ (error), { response }) : error);
      }
    });

  /** A page is not left meanwhile, as long as it has patience. @template T @param {() => Promise<T>} work */
  const underWay = async (work) => {
    looking += 1;
    try {
      return await work();
    } finally {
      looking -= 1;
    }
  };

  /** Not every engine can send a form in a `Request` again. @param {Call} call */
  const judgeForm = async (call) => {
    if (/^multipart\/form-data/i.test(call.request?.headers.get("Content-Type") ?? ""))
      call.replayable = await underWay(() =>
        import("./pending.js").then(({ formsLast }) => formsLast(), () => false),
      );
  };

  /** What needs no answer. With a dead instance nothing is held any more. @param {() => void} run */
  const tell = (run) => {
    try {
      enter(run);
    } catch {
      publish([]);
    }
  };

  /** Options for a passkey, from an API that may offer them. @param {Call} call @param {Response} response */
  const offered = async ({ api, signal }, response) => {
    return api.passkeyServer ? carriedBy(response, limit, signal) : undefined;
  };

  /** A request as the core is told of it. @param {Call} call */
  const toldOf = (call) => {
    const authorizationDetails = detailsText(call.stepup.authorizationDetails);
    return { ...call, ...call.stepup, authorizationDetails };
  };

  /** What there is to see of an answer. @param {Response} response */
  const header = (response) => response.headers.get("WWW-Authenticate") ?? undefined;

  /** An answer that nobody gets: what is left of it is not loaded. @param {Response} [response] */
  const drop = (response) => void response?.body?.cancel().catch(() => {});

  const describer = lazily(async () => {
    const { describer } = await import("./described.js");
    return describer({ client, enter, native, emit, diagnose, limit, jsonOf });
  });

  /** Looks at the metadata that a challenge points to, before anybody is asked. @param {Call} call @param {Response} response */
  const described = async (call, response) => {
    const found = header(response) ?? "";
    if (!/^40[13]$/.test(`${response.status}`) || !/resource_metadata/i.test(found)) return;
    try {
      await (await describer())(call, found);
    } catch (error) {
      throw isStepUpError(error) ? Object.assign(error, { response }) : error;
    }
  };

  /** @param {number} id @param {string | undefined} token @param {string | undefined} key @param {string} flow */
  const retry = async (id, token, key, flow) => {
    const call = waiters.get(id)?.call;
    if (!call) return;
    /** Each send is reported: for a nonce there may be two. @type {import("./call.js").Fetch} */
    const reported = async (input, init) => {
      const began = performance.now();
      let status = 0;
      try {
        const response = await native(input, init);
        ({ status } = response);
        return response;
      } finally {
        const { method, url } = call;
        const duration = performance.now() - began;
        emit("request", { flow, target: "api", method, url: url.replace(/[?#].*/s, ""), status, duration });
      }
    };
    /** @type {Response | undefined} */
    let response;
    try {
      const send = token && key ? sender(token, key) : undefined;
      response = await (send ? send(call, reported, true) : call.send(reported, token, true));
    } catch (error) {
      const waiter = leave(id);
      waiter?.reject(error);
      drop(waiter?.response);
      if (!dead) enter(() => client.failed(id));
      return;
    }
    const { status } = response;
    // Somebody else's answer, at the end of a redirect, is no challenge of this API.
    if (response.redirected && new URL(response.url).origin !== new URL(call.url).origin) {
      const waiter = leave(id);
      waiter?.resolve(response);
      drop(waiter?.response);
      if (!dead) enter(() => client.failed(id));
      return;
    }
    loader.readable(call, response);
    const detected = await detect(call, response);
    /** @type {unknown} */
    let offer;
    try {
      if (!response.ok) [offer] = await Promise.all([offered(call, response), described(call, response)]);
    } catch (error) {
      leave(id)?.reject(error);
      if (!dead) enter(() => client.failed(id));
      return;
    }
    const waiter = waiters.get(id);
    if (!waiter) return;
    drop(waiter.response);
    waiter.response = response;
    try {
      const asked = detected ? requirement(detected) : undefined;
      const found = header(response);
      if (!enter(() => client.answered(id, status, found, asked, offer))) leave(id)?.resolve(response);
    } catch (error) {
      leave(id)?.reject(Object.assign(/** @type {Error} */ (error), { response }));
      // What cannot be read is the end of this request for the core too.
      if (!dead) enter(() => client.failed(id));
    }
  };

  /**
   * What became of a request that the user left the page for.
   * @param {Call | { head: import("./pending.js").Head, error: unknown }} call
   * @param {Promise<Response> | undefined} sent
   * @param {number} until when it is too late to send it
   * @returns {Promise<import("./index.d.ts").ResumedRequest>}
   */
  const resultOf = async (call, sent, until) => {
    if ("error" in call) {
      const { head, error } = call;
      return { request: { method: head.method, url: head.url }, tag: head.stepup.tag, error };
    }
    const { method, url, stepup } = call;
    const about = { request: { method, url }, tag: stepup.tag };
    if (sent)
      return sent.then(
        (response) => ({ ...about, response }),
        (error) => ({ ...about, error }),
      );
    /** @type {Promise<Response> | undefined} */
    let answer;
    let discarded = false;
    const began = clears;
    return {
      ...about,
      send: () => {
        if (answer) return answer;
        const late = until <= Date.now() && "pending_expired";
        // What one user has left is not sent as another.
        const no = discarded ? "aborted" : began !== clears ? "session_changed" : late;
        return no ? Promise.reject(new StepUpError(no)) : (answer = loader.resend(call));
      },
      discard: () => {
        discarded = true;
      },
    };
  };

  return {
    /** @param {import("./index.d.ts").ResumeOptions} [how] */
    resume: async ({ replay = "all" } = {}) => {
      const began = clears;
      const { takeUp } = await import("./redirect.js").catch((cause) => {
        throw new StepUpError("wasm_unavailable", { cause });
      });
      /** @type {import("./index.d.ts").Resumed | null} */
      let resumed = null;
      try {
        resumed = await takeUp(options, async ({ core, calls, returnTo, search, until }) => {
          if (began !== clears) throw new StepUpError("session_changed");
          const isSent = (/** @type {Call} */ { method }) =>
            replay === "all" || (replay === "safe" && /^(GET|HEAD|OPTIONS)$/.test(method));
          /** @type {(number | null)[]} */
          const ids = calls.map(() => null);
          const sent = calls.map((call, at) => {
            if (!call || "error" in call || !isSent(call)) return undefined;
            const { gate } = call.stepup;
            return /** @type {Promise<Response>} */ (
              wait({ call, gate }, (id) => {
                ids[at] = id;
              })
            );
          });
          const results = Promise.all(calls.flatMap((call, at) => (call ? resultOf(call, sent[at], until) : [])));
          let goesOn = false;
          const outcome = await wait({}, (id) => {
            client.resumed(id, core, search, ids);
            goesOn = true;
          }).then(
            (assurance) => ({ assurance }),
            (error) => ({ error }),
          );
          if (!goesOn && "error" in outcome) {
            // Another version of this package may have saved it: nobody else tells those who wait.
            for (const id of ids) leave(id ?? 0)?.reject(outcome.error);
            tabs.back();
          }
          return { returnTo, ...outcome, results: await results };
        });
        return resumed;
      } finally {
        // The user is here, and not away. Where something was taken up, its step-up says so.
        if (!resumed) tabs.back();
      }
    },
    /**
     * A request was answered with what looks like a challenge.
     * @param {Call} call @param {Response} response @param {Requirement | null | undefined} detected
     * @returns {Promise<Response>}
     */
    challenged: async (call, response, detected) => {
      const began = clears;
      const nonce = options.dpop && response.headers.get("DPoP-Nonce");
      // A nonce for the proofs that will be needed then (RFC 9449 §8.2).
      if (nonce) enter(() => client.proved(call.url, response.status, undefined, nonce, true));
      const [offer] = await underWay(() => Promise.all([offered(call, response), described(call, response)]));
      await judgeForm(call);
      if (began !== clears) throw new StepUpError("session_changed", { response });
      const { gate } = call.stepup;
      const about = { call, response, gate, signal: call.signal };
      return /** @type {Promise<Response>} */ (
        wait(about, (id) => {
          const asked = detected ? requirement(detected) : undefined;
          if (!client.challenged(id, toldOf(call), response.status, header(response), asked, offer))
            leave(id)?.resolve(response);
        })
      );
    },
    /**
     * A request is about to leave. Rules demand this of it.
     * @param {Call} call @param {Requirement[]} asked @param {Window} [window]
     * @returns {Promise<Response>}
     */
    demanded: async (call, asked, window) => {
      // Nothing is remembered any more, and a request that no rule wants asked for needs nobody.
      if (dead && !asked.length) return run(call);
      const began = clears;
      let taken = false;
      try {
        await judgeForm(call);
        if (began !== clears) throw new StepUpError("session_changed");
        const { gate } = call.stepup;
        return await wait({ call, gate, signal: call.signal, began }, (id) => {
          client.asks_first(id, toldOf(call), asked.map(requirement), window);
          taken = true;
        });
      } catch (error) {
        if (!taken) window?.close();
        if (dead && !taken && !asked.length) return run(call);
        throw error;
      }
    },
    /** Reads what the provider publishes. @returns {Promise<unknown>} */
    lookAhead: () => wait({}, (id) => client.look_ahead(id)),
    /**
     * Fetches options for a passkey that will prove this.
     * @param {import("./index.d.ts").Rule | Requirement} what
     * @returns {Promise<boolean>}
     */
    prepare: async (what) => {
      const asked = "require" in what ? what.require : what;
      if (typeof asked === "function")
        throw new StepUpError("configuration_invalid", { message: "what this rule requires depends on the request" });
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let clock;
      return wait({}, (id) => {
        // Nobody waits for what is not here by then.
        clock = setTimeout(() => leave(id)?.resolve(false), (options.promptTimeout ?? 300) * 1000);
        client.prepare(id, requirement(asked));
      }).finally(() => clearTimeout(clock));
    },
    /**
     * @param {EnsureOptions} asked @param {Window | null | undefined} window
     * @returns {Promise<import("./index.d.ts").Assurance>}
     */
    ensured: (asked, window) => {
      // From then on the window is the core's: it may serve others who wait.
      let taken = false;
      return /** @type {Promise<import("./index.d.ts").Assurance>} */ (
        wait({ signal: asked.signal, gate: asked.gate }, (id) => {
          client.ensured(id, requirement(asked), asked.reason, asked.methods, window ?? undefined);
          taken = true;
        }).catch((error) => {
          if (!taken) window?.close();
          throw error;
        })
      );
    },
    /**
     * A request that carried a held token was answered with a 401 that demands no step-up.
     * @param {Call} call @param {Response} response
     * @returns {Promise<Response>}
     */
    refused: async (call, response) => {
      const began = clears;
      await judgeForm(call);
      if (dead || began !== clears) return response;
      return /** @type {Promise<Response>} */ (
        wait({ call, response, signal: call.signal }, (id) => {
          if (!client.refused(id, toldOf(call), header(response))) leave(id)?.resolve(response);
        })
      );
    },
    /** What left to see whether it is still challenged was not. @param {Call} call */
    wentThrough: ({ method, url }) => tell(() => client.went_through(method, url)),
    /** What was published for one request is with it. @param {number} serial */
    spent: (serial) => tell(() => client.spent(serial)),
    /** A published token has expired. */
    expired: () => tell(() => client.expired()),
    /** Asked inside a click: what cannot be read is refused later, by the promise. */
    wantsWindow: (/** @type {Requirement[]} */ all, /** @type {Call | undefined} */ call) => {
      try {
        const [asked] = all;
        return call
          ? enter(() => client.wants_window_for(toldOf(call), all.map(requirement)))
          : !!asked && enter(() => client.wants_window(requirement(asked)));
      } catch {
        return false;
      }
    },
    /** @returns {import("./index.d.ts").Assurance | undefined} */
    assurance: () => (dead ? undefined : enter(() => client.assurance())),
    /** The token that is held for what a request is about in particular. @param {Call} call */
    narrow: ({ url, stepup }) =>
      dead ? null : sendable(enter(() => client.narrow(url, detailsText(stepup.authorizationDetails)))),
    token: (/** @type {Requirement} */ asked) =>
      dead ? undefined : enter(() => client.token(requirement(asked))),
    cleared: () => {
      clears += 1;
      tabs.withdraw();
      if (!dead) enter(() => client.cleared());
    },
  };
};

/** @param {string} text @param {import("./index.d.ts").WasmSource} [wasm] */
export const parse = async (text, wasm) => {
  await instantiate(wasm).catch((cause) => {
    throw new StepUpError("wasm_unavailable", { cause });
  });
  return enter(() => parse_challenges(text));
};

export { enter, instantiate, onDeath, passkey_ceremony };
