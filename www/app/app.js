/**
 * The bank's page: a sign-in, an account, two forms, and a diagram of what step-up does.
 *
 * The address may say how step-up is set up, which tests use: `?acr=claims` asks for an essential
 * claim instead of `acr_values`; `?hint=login` tells step-up who is signed in by name, so that the
 * provider gets a `login_hint`, which does not bind it, instead of an `id_token_hint`, which does.
 * @module
 */
import { createStepUp } from "/stepup/index.js";
import { Account, ApiError } from "./account.js";
import { api, issuer } from "./config.js";
import { Diagram } from "./diagram.js";
import { cents, explain, methods, money, spaced } from "./words.js";

const query = new URLSearchParams(location.search);
/** @type {string | undefined} */
let owner;

const stepup = createStepUp({
  apis: [api],
  issuer,
  clientId: "bank-spa",
  redirectUri: "/stepup/callback.html",
  // To look, no more; a challenge names what else is needed when it is needed.
  scope: "openid accounts:read",
  firstSubject: "adopt",
  acrRequest: query.get("acr") === "claims" ? "claims" : "acr_values",
  ...(query.get("hint") === "login" ? { session: () => owner === undefined ? undefined : { sub: owner, loginHint: owner } } : {}),
});
const account = new Account(stepup, api);

const diagram = new Diagram(find("#diagram", HTMLOListElement), (empty) => {
  find("#sequence").hidden = empty;
  find("#no-events").hidden = !empty;
  find("#clear-diagram").hidden = empty;
});
diagram.follow(stepup);

stepup.addEventListener("authenticated", ({ detail: { acr, amr, at } }) => {
  const how = [acr, methods(amr)].filter(Boolean).join(" by ");
  find("#assurance").textContent = `${how} at ${new Date(at).toLocaleTimeString([], { timeStyle: "medium" })}`;
});

// Called inside the click, before anything is awaited: the window must open while the click counts.
onClick("#sign-in", () => act("Signing in…", stepup.ensure({ reason: "Sign in to see your account" }), async () => {
  await showAccount();
  document.body.dataset.state = "in";
  return `Signed in as ${owner}.`;
}));

onClick("#refresh-balance", () => act("Refreshing…", showAccount(), () => "Up to date."));

onClick("#sign-out", () => {
  stepup.clear();
  leave();
  tell("ok", "Signed out.");
});

onClick("#clear-diagram", () => diagram.clear());

onSubmit("#transfer", (form) => {
  const payee = find("#payee", HTMLSelectElement);
  const amount = cents(String(form.get("amount")));
  if (amount === undefined) return tell("error", "Type an amount such as 25 or 25.50.", "amount_invalid");
  const what = `${money(amount)} to ${payee.selectedOptions[0]?.text ?? ""}`;
  return act(`Sending ${what}…`, account.send({ payee: payee.value, amount }, `Confirm sending ${what}`), async () => {
    find("#transfer", HTMLFormElement).reset();
    await showAccount();
    return `Sent ${what}.`;
  });
});

onSubmit("#new-payee", (form) => {
  const [name, iban] = [String(form.get("name")), String(form.get("iban"))];
  return act(`Adding ${name}…`, account.addPayee({ name, iban }, `Confirm the new payee ${name}`), async (payee) => {
    find("#new-payee", HTMLFormElement).reset();
    await showAccount();
    find("#payee", HTMLSelectElement).value = payee.id;
    return `${payee.name} is among your payees now.`;
  });
});

/**
 * Tells how something goes: that it goes on, and its outcome.
 * @template T
 * @param {string} pending
 * @param {Promise<T>} promise already under way
 * @param {(value: T) => string | Promise<string>} done
 */
async function act(pending, promise, done) {
  tell("pending", pending);
  try {
    tell("ok", await done(await promise));
  } catch (error) {
    const { code, text } = explain(error);
    if (error instanceof ApiError && error.over) leave();
    if (code === "unknown") console.error(error);
    tell("error", text, code);
  }
}

/**
 * @param {"pending" | "ok" | "error"} outcome
 * @param {string} text
 * @param {string} [code]
 */
function tell(outcome, text, code) {
  const result = find("#result");
  result.dataset.outcome = outcome;
  if (code === undefined) delete result.dataset.code;
  else result.dataset.code = code;
  result.textContent = text;
  if (outcome === "error") result.scrollIntoView({ block: "nearest" });
}

async function showAccount() {
  const [balance, payees, transfers] = await Promise.all([account.balance(), account.payees(), account.transfers()]);
  owner = balance.owner;
  find("#owner").textContent = balance.owner;
  find("#iban").textContent = spaced(balance.iban);
  find("#balance").textContent = money(balance.amount);

  const select = find("#payee", HTMLSelectElement);
  const chosen = select.value;
  select.replaceChildren(...payees.map(({ id, name }) => new Option(name, id, false, id === chosen)));

  const history = find("#history");
  history.replaceChildren(...transfers.toReversed().map(({ id, payeeName, amount, at }) => {
    const row = document.createElement("li");
    row.dataset.id = id;
    const name = Object.assign(document.createElement("b"), { textContent: payeeName });
    const time = Object.assign(document.createElement("time"), {
      dateTime: new Date(at).toISOString(),
      textContent: new Date(at).toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
    });
    const sum = Object.assign(document.createElement("span"), { textContent: `−${money(amount)}` });
    row.append(name, time, sum);
    return row;
  }));
  find("#no-history").hidden = transfers.length > 0;
}

/** Forgets who was here. */
function leave() {
  owner = undefined;
  document.body.dataset.state = "left";
  for (const id of ["#owner", "#iban", "#assurance"]) find(id).textContent = "";
  find("#balance").textContent = "–";
  find("#history").replaceChildren();
  find("#payee").replaceChildren();
  const back = new URLSearchParams({ client_id: "bank-spa", post_logout_redirect_uri: new URL("/", location.href).href });
  find("#provider-sign-out", HTMLAnchorElement).href = `${issuer}/session/end?${back}`;
}

/**
 * @param {string} selector
 * @param {() => unknown} action not started again while it is under way
 */
function onClick(selector, action) {
  const button = find(selector, HTMLButtonElement);
  button.addEventListener("click", () => once(button, action));
}

/**
 * @param {string} selector
 * @param {(data: FormData) => unknown} action
 */
function onSubmit(selector, action) {
  const form = find(selector, HTMLFormElement);
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button) once(button, () => action(new FormData(form)));
  });
}

/**
 * Keeps a button from starting a second run. Not `disabled`, which would take the focus away.
 * @param {HTMLButtonElement} button
 * @param {() => unknown} action
 */
async function once(button, action) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await action();
  } finally {
    button.ariaBusy = "false";
  }
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} selector
 * @param {new () => T} [kind]
 * @returns {T}
 */
function find(selector, kind) {
  const found = document.querySelector(selector);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`the page lacks ${selector}`);
  return /** @type {T} */ (found);
}
