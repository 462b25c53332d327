/** What the tests drive: the gate alone, and a whole `createStepUp` where the options matter. */

import { open } from "/stepup/gate.js";
import { createStepUp } from "/stepup/index.js";

const query = new URLSearchParams(location.search);
document.documentElement.lang = query.get("lang") ?? "en";

const test = {
  /** @type {string[]} */
  choices: [],
  /** @type {string[]} */
  violations: [],
  /** @type {import("/stepup/index.js").Gate | undefined} */
  gate: undefined,

  /** @param {object} model @param {object} [options] */
  async show(model, options = {}) {
    const asked = { origin: "https://login.bank.example", methods: ["popup"], ...model };
    test.gate = await open(options, () => asked, (choice) => {
      test.choices.push(choice);
      test.active = navigator.userActivation.isActive;
    });
    return test.gate !== undefined;
  },

  /** @param {object} model */
  update(model) {
    test.gate.update({ origin: "https://login.bank.example", methods: ["popup"], ...model });
  },

  root: () => document.querySelector("stepup-gate")?.shadowRoot,
  text: () => test.root()?.querySelector("dialog").innerText ?? "",
  offered: () => [...(test.root()?.querySelectorAll("button") ?? [])].map((b) => b.dataset.choice),
  focused: () => test.root()?.activeElement?.dataset.choice ?? test.root()?.activeElement?.id ?? null,

  /** A challenged request of an instance with these options. @param {object} options @param {object} [init] */
  begin(options, init) {
    window.open = () => null;
    const stepup = createStepUp({
      apis: [location.origin],
      issuer: location.origin,
      clientId: "app",
      redirectUri: "/callback.html",
      firstSubject: "adopt",
      ...options,
    });
    test.outcome = "";
    stepup.fetch("/challenge", init).then(
      ({ status }) => (test.outcome = String(status)),
      ({ code }) => (test.outcome = code),
    );
  },

  /** A transfer of an app with a backend, for which nobody has clicked lately. @param {object} [options] */
  transfer(options) {
    test.stepup ??= createStepUp({
      apis: [{ origin: "/", pathPrefix: "/bank" }],
      redirectUri: "/stepup/callback.html",
      bff: { login: "/bff/login", passkey: { options: "/bff/options", verify: "/bff/verify" } },
      ...options,
    });
    test.outcome = "";
    test.stepup.fetch("/bank/transfer", { method: "POST", stepup: { reason: "Confirm the transfer" } }).then(
      ({ status }) => (test.outcome = String(status)),
      ({ code }) => (test.outcome = code),
    );
  },

  broken() {
    throw new Error("no room");
  },

  /** Another copy of the package shows its gate, while the first one's class is registered. */
  async showCopy() {
    const copy = await import("/copy/gate.js");
    const model = { state: "choose", origin: "", methods: ["popup"] };
    test.gate = await copy.open({}, () => model, (choice) => test.choices.push(choice));
  },
};
addEventListener("securitypolicyviolation", (event) => {
  test.violations.push(`${event.violatedDirective} ${event.sourceFile}`);
});
Object.assign(window, { test });
document.documentElement.dataset.ready = "";
