// The page of a bank: its button sends a request, by whatever is to be measured.

import { api, issuer } from "/config.js";

const { contender, ...how } = Object.fromEntries(new URLSearchParams(location.search));

/** What the API wants a passkey for. */
const TRANSFER = { path: "/transfers", body: { payee: "rent", amount: 1 } };
/** What it wants a one-time code for, or better: a step-up that is over before the one that is measured. */
const WARM_UP = { path: "/passkeys/options", body: {} };

const page = {
  ready: false,
  /** What became of the last click. */
  outcome: undefined,

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
    document.querySelector("#go").onclick = async () => {
      if (page.outcome) return;
      page.outcome = { state: "running" };
      clock.begin();
      try {
        const { status } = await page.app.send(path, body);
        page.outcome = { state: "ended", status, ended: performance.now(), ...clock.seen };
      } catch (error) {
        page.outcome = { state: "failed", error: `${error?.stack ?? error} ${error?.cause ?? ""}` };
      }
    };
  },

  /** What an app does before the user clicks, if it does. */
  prepare: async () => page.app.prepare?.(),

  /** Ends the backend's session. */
  async signOut() {
    const token = /bank-csrf=([\w-]+)/.exec(document.cookie)?.[1] ?? "";
    const { status } = await fetch("/bff/logout", { method: "POST", headers: { "X-CSRF-Token": token } });
    if (status !== 204) throw new Error(`not signed out: ${status}`);
  },

  /** Starts one of these, and tells what became of it. */
  start(what, ...all) {
    page.done = undefined;
    page[what](...all).then(() => { page.done = true; }, (error) => { page.done = String(error?.stack ?? error); });
  },

  /** Redeems the code of the app's sign-in and keeps what comes of it, as an app does. */
  async signIn(code, verifier) {
    const form = { grant_type: "authorization_code", client_id: "bank-spa", code, code_verifier: verifier,
      redirect_uri: `${location.origin}/stepup/callback.html` };
    const answer = await fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(form) });
    const { access_token: accessToken, id_token: idToken } = await answer.json();
    localStorage.setItem("session", JSON.stringify({ accessToken, idToken, scope: "accounts:read" }));
  },
};
window.page = page;

page.ready = true;
