// The page of a bank: its button sends a request, by whatever is to be measured.

import { api, issuer } from "/config.js";

/**
 * @typedef {{ accessToken: string, idToken: string, scope: string }} Session of the app's sign-in
 * @typedef {{ send(path: string, order: object): Promise<Response>, prepare?(): Promise<void> }} App what is measured
 * @typedef {{ api: string, issuer: string, session: Session, how: Record<string, string | undefined> }} Given
 * @typedef {{ state: "running" | "ended" | "failed" }} Outcome with more, for who drives the page
 */

const { contender, ...how } = Object.fromEntries(new URLSearchParams(location.search));

/** What the API wants a passkey for. */
const TRANSFER = { path: "/transfers", body: { payee: "rent", amount: 1 } };
/** What it wants a one-time code for, or better: a step-up that is over before the one that is measured. */
const WARM_UP = { path: "/passkeys/options", body: {} };

/** All that there is to know of a failure. @param {any} error */
const told = (error) => `${error?.stack ?? error} ${error?.cause ?? ""}`;

const page = {
  ready: false,
  /** What became of the last click. @type {Outcome | undefined} */
  outcome: undefined,

  /** What became of what was started last. @type {true | string | undefined} */
  done: undefined,

  /** @type {App | undefined} */
  app: undefined,

  /** Loads what is to be measured, once passkeys can be used here. */
  async open() {
    const session = JSON.parse(localStorage.getItem("session") ?? "{}");
    const { open } = await import(`/built/${contender}.js`);
    page.app = await open({ api, issuer, session, how });
  },

  /** The next click sends this. @param {"transfer" | "warm-up"} what */
  arm(what) {
    page.outcome = undefined;
    const { path, body } = what === "transfer" ? TRANSFER : WARM_UP;
    const { app } = page;
    const go = /** @type {HTMLButtonElement | null} */ (document.querySelector("#go"));
    if (!app || !go) throw new Error("the page is not open");
    go.onclick = async () => {
      if (page.outcome) return;
      page.outcome = { state: "running" };
      clock.begin();
      try {
        const { status } = await app.send(path, body);
        const ended = { status, ended: performance.now(), ...clock.seen };
        page.outcome = { state: "ended", ...ended };
      } catch (error) {
        page.outcome = Object.assign({ state: /** @type {const} */ ("failed") }, { error: told(error) });
      }
    };
  },

  /** What an app does before the user clicks, if it does. */
  prepare: async () => page.app?.prepare?.(),

  /** Ends the backend's session. */
  async signOut() {
    const token = /bank-csrf=([\w-]+)/.exec(document.cookie)?.[1] ?? "";
    const { status } = await fetch("/bff/logout", { method: "POST", headers: { "X-CSRF-Token": token } });
    if (status !== 204) throw new Error(`not signed out: ${status}`);
  },

  /**
   * Starts one of these, and tells what became of it.
   * @param {"open" | "prepare" | "signOut" | "signIn"} what @param {[string, string]} all
   */
  start(what, ...all) {
    page.done = undefined;
    page[what](...all).then(() => { page.done = true; }, (error) => { page.done = told(error); });
  },

  /** Redeems the code of the app's sign-in and keeps what comes of it, as an app does. @param {string} code @param {string} verifier */
  async signIn(code, verifier) {
    const form = { grant_type: "authorization_code", client_id: "bank-spa", code, code_verifier: verifier,
      redirect_uri: `${location.origin}/stepup/callback.html` };
    const answer = await fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(form) });
    const { access_token: accessToken, id_token: idToken } = await answer.json();
    localStorage.setItem("session", JSON.stringify({ accessToken, idToken, scope: "accounts:read" }));
  },
};
Object.assign(globalThis, { page });

page.ready = true;
