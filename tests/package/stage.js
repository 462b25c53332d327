/**
 * A page that is none: as much of a browser as the core looks at, over a network that is a function.
 * Every test file has a process of its own, so what is put into `globalThis` meets nobody else.
 */

import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { readFile } from "node:fs/promises";

import { packageFolder } from "./project.js";

/** The module that Node gets. */
export const built = pathToFileURL(join(packageFolder, "node.js")).href;

export const APP = "https://app.example";

/**
 * @typedef {{ url: string, method: string, headers: Headers, body: string, credentials: string, redirect: string }} Sent
 * @typedef {(sent: Sent, signal: AbortSignal) => Response | Promise<Response>} Answer
 * @typedef {{ url: string, closed: boolean, close(): void, focus(): void, location: { replace(url: string): void } }} Popup
 * @typedef {import("../../src/js/index.d.ts").GateModel} GateModel
 * @typedef {import("../../src/js/index.d.ts").GateChoice} GateChoice
 */

/** @type {any} */
const page = globalThis;

/** @param {string} name @param {unknown} value */
const put = (name, value) =>
  Object.defineProperty(page, name, { value, configurable: true, writable: true });

/** @type {Map<string, Set<(event: any) => void>>} */
const listeners = new Map();
/** @param {string} type */
const listening = (type) => listeners.get(type) ?? listeners.set(type, new Set()).get(type);

/** What the browser's own window has. */
put("Window", class {
  /** @param {unknown} value */
  static [Symbol.hasInstance](value) {
    return value === page;
  }
});
put("isSecureContext", true);
put("location", { origin: APP, href: `${APP}/account/` });
put("addEventListener", (/** @type {string} */ type, /** @type {any} */ run) => listening(type)?.add(run));
put("removeEventListener", (/** @type {string} */ type, /** @type {any} */ run) => listening(type)?.delete(run));

/** Something that the user does, or that only looks so. @param {string} type @param {object} event */
export const happens = (type, event) => {
  for (const run of [...(listening(type) ?? [])]) run({ isTrusted: true, target: { localName: "button" }, ...event });
};

/** An assertion as a browser gives it. @param {string} id */
export const assertion = (id) => ({
  id,
  rawId: id,
  type: "public-key",
  authenticatorAttachment: "platform",
  clientExtensionResults: {},
  response: { clientDataJSON: "e30", authenticatorData: "AA", signature: "AQ", userHandle: "YWxpY2U" },
});

/** @param {object} body @param {number} [status] */
export const json = (body, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

/** An answer that never comes. @type {Answer} */
export const never = (_, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** A demand of an API. @param {string} [acr] @param {object} [body] @param {string} [more] */
export const challenge = (acr = "AL3", body = {}, more = "") =>
  new Response(JSON.stringify(body), {
    status: 401,
    headers: {
      "content-type": "application/json",
      "www-authenticate": `Bearer error="insufficient_user_authentication", acr_values="${acr}"${more}`,
    },
  });

/** Waits for what is about to be so. @param {() => unknown} is @param {string} [what] */
export const until = async (is, what = String(is)) => {
  for (const end = Date.now() + 8000; Date.now() < end; ) {
    if (is()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`it never came to ${what}`);
};

/** What a page loads from its start is there. */
export const started = async () => {
  await import(pathToFileURL(join(packageFolder, "loader.js")).href);
  await new Promise((resolve) => setTimeout(resolve));
};

/** What a promise is rejected with. @param {Promise<unknown>} promise @returns {Promise<any>} */
export const refusal = (promise) =>
  promise.then(
    (value) => Promise.reject(new Error(`it was not refused: ${JSON.stringify(value)}`)),
    (error) => error,
  );

const { Request: Unplaced } = globalThis;

/** As in a page, which has somewhere that addresses are relative to. */
class Placed extends Unplaced {
  /** @param {RequestInfo | URL} input @param {RequestInit} [init] */
  constructor(input, init) {
    super(input instanceof Unplaced ? input : new URL(input, document.baseURI), init);
  }
}

/** A page for one test. */
export class Stage {
  /** @type {Sent[]} */
  sent = [];
  /** By address without query; what has none here is unreachable. @type {Record<string, Answer>} */
  answers = {};
  /** @type {Popup[]} */
  opened = [];
  /** The options that the authenticator was asked with. @type {any[]} */
  ceremonies = [];
  /** @type {string[]} */
  warnings = [];
  /** The events of the instances that are watched. @type {{ type: string, detail: any }[]} */
  events = [];
  /** @type {(request: any) => unknown} */
  authenticator = async ({ publicKey }) => ({ toJSON: () => assertion(`for-${publicKey.challenge}`) });
  activation = { isActive: true };

  constructor() {
    put("document", { baseURI: `${APP}/account/`, hasFocus: () => true });
    put("Request", Placed);
    put("navigator", {
      userActivation: this.activation,
      credentials: {
        get: (/** @type {any} */ request) => {
          this.ceremonies.push(request);
          return this.authenticator(request);
        },
      },
    });
    this.passkeys(true);
    this.windows(true);
    put("reportError", () => {});
    put("console", { ...console, warn: (/** @type {string} */ text) => this.warnings.push(text) });
    put("fetch", async (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit} */ init) => {
      // What belongs to a page's requests only is not in Node's.
      const request = input instanceof Request ? input : new Request(input, init);
      const { url, method, headers, credentials, redirect, signal } = request;
      const sent = { url, method, headers, credentials, redirect, body: await request.clone().text() };
      this.sent.push(sent);
      const answer = this.answers[url.replace(/[?#].*/s, "")];
      if (!answer) throw new TypeError(`nobody is at ${url}`);
      return answer(sent, signal);
    });
  }

  /** Whether the browser has passkeys. @param {boolean} has */
  passkeys(has) {
    // The options arrive as they were sent, so that they can be looked at.
    const api = class {
      /** @param {object} options */
      static parseRequestOptionsFromJSON(options) {
        return options;
      }
    };
    put("PublicKeyCredential", has ? api : undefined);
  }

  /** Whether the browser lets windows open. @param {boolean} lets */
  windows(lets) {
    put("open", () => {
      if (!lets) return null;
      /** @type {Popup} */
      const popup = {
        url: "",
        closed: false,
        close() {
          this.closed = true;
        },
        focus() {},
        location: { replace: (url) => (popup.url = url) },
      };
      this.opened.push(popup);
      return popup;
    });
  }

  /** @param {import("../../src/js/index.d.ts").StepUp} stepup */
  watch(stepup) {
    for (const type of ["challenge", "demand", "prompt", "request", "authenticated", "retry", "settled", "diagnostic"])
      stepup.addEventListener(type, (event) =>
        this.events.push({ type, detail: /** @type {CustomEvent} */ (event).detail }));
    return stepup;
  }

  /** What was sent to an address. @param {string} address */
  to(address) {
    return this.sent.filter(({ url }) => url.replace(/[?#].*/s, "") === address);
  }

  /** The form that was sent to an address last. @param {string} address */
  form(address) {
    return Object.fromEntries(new URLSearchParams(this.to(address).at(-1)?.body));
  }

  /** The page that a window comes back to runs the package's own script. @param {string} address */
  async callback(address) {
    const url = new URL(address, APP);
    const source = await readFile(join(packageFolder, "callback.js"), "utf8");
    /** @type {BroadcastChannel[]} */
    const channels = [];
    const said = { closed: false, text: "", replaced: "" };
    const Channel = class extends BroadcastChannel {
      /** @param {string} name */
      constructor(name) {
        super(name);
        channels.push(this);
      }
    };
    runInContext(
      source,
      createContext({
        URLSearchParams,
        BroadcastChannel: Channel,
        location: { search: url.search, pathname: url.pathname, origin: url.origin },
        history: { replaceState: (/** @type {any[]} */ ...all) => (said.replaced = all[2]) },
        document: { getElementById: () => ({ set textContent(/** @type {string} */ text) { said.text = text; } }) },
        opener: null,
        close: () => (said.closed = true),
        setTimeout: (/** @type {() => void} */ run, /** @type {number} */ after) => setTimeout(run, after).unref(),
      }),
    );
    const end = () => channels.forEach((channel) => channel.close());
    return { said, end, names: () => channels.map(({ name }) => name) };
  }
}

/** An own gate that writes down what it is asked. */
export class Asking {
  /** @type {GateModel[]} */
  models = [];
  closed = 0;
  /** @type {(choice: GateChoice) => void} */
  choose = () => {};

  /** @type {import("../../src/js/index.d.ts").OwnGate} */
  option = (model, choose) => {
    this.models.push(model);
    this.choose = choose;
    return { update: (next) => void this.models.push(next), close: () => void (this.closed += 1) };
  };

  get states() {
    return this.models.map(({ state }) => state);
  }

  /** Until this is what is shown. @param {string} state */
  async shows(state) {
    await until(() => this.models.at(-1)?.state === state && !this.closed, `the gate's ${state}: ${this.states}`);
    return /** @type {GateModel} */ (this.models.at(-1));
  }
}
