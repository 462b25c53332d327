/**
 * The bank's page: a sign-in, an account, two forms, and a diagram of what step-up does.
 *
 * The address says how step-up is set up: `?arrangement=` as in `arrangements.js`, and, which only tests
 * use, `?acr=claims` asks for an essential
 * claim instead of `acr_values`; `?hint=login` tells step-up who is signed in by name, so that the
 * provider gets a `login_hint`, which does not bind it, instead of an `id_token_hint`, which does.
 * @module
 */
import { createStepUp, passkey } from "/stepup/index.js";
import { Account, ApiError } from "./account.js";
import { arrangementOf, COMPARED } from "./arrangements.js";
import { signOut, whoIsThere } from "./backend.js";
import { api, issuer } from "./config.js";
import { find, onClick, onSubmit } from "./controls.js";
import { Diagram } from "./diagram.js";
import { TAG, Tally } from "./tally.js";
import { broughtAlong, takeAlong } from "./trip.js";
import { cents, explain, methods, moment, money, spaced } from "./words.js";

const query = new URLSearchParams(location.search);
const arrangement = arrangementOf(query, { api, issuer });
const backend = arrangement.name === "bff";
/** @type {string | undefined} */
let owner;
/** @type {import("./account.js").Payee[]} */
let payees = [];
/** How many passkeys the user has; undefined where this page uses none. @type {number | undefined} */
let passkeys;

const stepup = createStepUp({
  ...arrangement.options,
  ...(backend ? {} : { acrRequest: query.get("acr") === "claims" ? "claims" : "acr_values" }),
  ...(query.get("hint") === "login" ? { session: () => owner === undefined ? undefined : { sub: owner, loginHint: owner } } : {}),
});
const account = new Account(stepup, arrangement.base);

const diagram = new Diagram(find("#diagram", HTMLOListElement), backend, (empty) => {
  find("#sequence").hidden = empty;
  find("#no-events").hidden = !empty;
  find("#clear-diagram").hidden = empty;
});
diagram.follow(stepup);
const tally = new Tally(find("#counts"), arrangement.name);
tally.follow(stepup);
takeAlong(stepup);
describe();

stepup.addEventListener("authenticated", () => showAssurance());

// Called inside the click, before anything is awaited: the window must open while the click counts.
// Who has no account open here has shown no passkey either: the window asks who it is.
onClick("#sign-in", () => act("Signing in…", stepup.ensure({ reason: "Sign in to see your account", methods: [arrangement.away] }), enter));

onClick("#refresh-balance", () => act("Refreshing…", showAccount(), () => "Up to date."));

onClick("#sign-out", async () => {
  stepup.clear();
  leave();
  if (backend) await signOut();
  tell("ok", "Signed out.");
});

onClick("#add-a-passkey", () => act("Adding a passkey…", addPasskey(), async () => {
  await showAccount();
  return "The passkey is yours. Your next transfer can use it.";
}));

onClick("#clear-diagram", () => diagram.clear());

onSubmit("#transfer", (form) => {
  const payee = find("#payee", HTMLSelectElement);
  const amount = cents(String(form.get("amount")));
  if (amount === undefined) return tell("error", "Type an amount such as 25 or 25.50.", "amount_invalid");
  const what = `${money(amount)} to ${payee.selectedOptions[0]?.text ?? ""}`;
  const asked = { ...asking(`Confirm sending ${what}`), ...paying(payee.value, amount) };
  return act(`Sending ${what}…`, account.send({ payee: payee.value, amount }, asked), async () => {
    find("#transfer", HTMLFormElement).reset();
    await showAccount();
    return `Sent ${what}.`;
  });
});

onSubmit("#new-payee", (form) => {
  const [name, iban] = [String(form.get("name")), String(form.get("iban"))];
  return act(`Adding ${name}…`, account.addPayee({ name, iban }, asking(`Confirm the new payee ${name}`)), async (payee) => {
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

/** Somebody is signed in: shows their account. */
async function enter() {
  await showAccount();
  document.body.dataset.state = "in";
  return `Signed in as ${owner}.`;
}

/**
 * How to ask for a confirmation. Who has no passkey is not asked for one.
 * @param {string} reason
 * @returns {import("/stepup/index.js").StepUpInit}
 */
function asking(reason) {
  return passkeys === 0 ? { reason, methods: [arrangement.away] } : { reason };
}

/**
 * What the user is to confirm in particular, where this page is set up so.
 * @param {string} id of the payee
 * @param {number} amount
 * @returns {import("/stepup/index.js").StepUpInit}
 */
function paying(id, amount) {
  const payee = payees.find((one) => one.id === id);
  if (!arrangement.details || !payee) return {};
  const instructedAmount = { currency: "EUR", amount: (amount / 100).toFixed(2) };
  const payment = { type: "payment_initiation", instructedAmount, creditorName: payee.name, creditorAccount: { iban: payee.iban } };
  return { authorizationDetails: [payment] };
}

async function addPasskey() {
  const asked = asking("Confirm that you want to add a passkey");
  const options = await account.passkeyOptions(asked);
  return account.addPasskey(await passkey.create(options), asked);
}

async function showAccount() {
  const [balance, known, transfers] = await Promise.all([
    account.balance(), account.payees(), account.transfers(), arrangement.passkeys && showPasskeys(),
  ]);
  payees = known;
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
      textContent: moment(at),
    });
    const sum = Object.assign(document.createElement("span"), { textContent: `−${money(amount)}` });
    row.append(name, time, sum);
    return row;
  }));
  find("#no-history").hidden = transfers.length > 0;
}

async function showPasskeys() {
  const list = await account.passkeys();
  passkeys = list.length;
  find("#passkeys").replaceChildren(...list.map(({ id, at }) => {
    const row = document.createElement("li");
    row.dataset.id = id;
    const time = Object.assign(document.createElement("time"), { dateTime: new Date(at).toISOString(), textContent: `since ${moment(at)}` });
    row.append(Object.assign(document.createElement("b"), { textContent: "Passkey" }), time);
    return row;
  }));
  find("#no-passkeys").hidden = passkeys > 0;
}

/** Says how this page is set up, and where it is set up otherwise. */
function describe() {
  for (const link of find("#arrangements").querySelectorAll("a")) {
    const name = link.dataset.arrangement ?? "";
    const there = new URLSearchParams(query);
    there.set("arrangement", name);
    link.href = `./?${there}`;
    if (name === arrangement.name) link.ariaCurrent = "page";
  }
  find("#switches").hidden = arrangement.details === undefined;
  for (const name of ["dpop", "details"]) {
    const switched = find(`#${name}`, HTMLInputElement);
    switched.checked = query.has(name);
    switched.addEventListener("change", () => {
      const there = new URLSearchParams(query);
      if (switched.checked) there.set(name, "1");
      else there.delete(name);
      location.assign(`./?${there}`);
    });
  }
  for (const text of find("#set-up").querySelectorAll("p[data-about]")) {
    if (text instanceof HTMLElement) text.hidden = text.dataset.about !== arrangement.name;
  }
  if (backend) find("#third-actor").textContent = "Backend";
  find("#passkey-card").hidden = !arrangement.passkeys;
  find("#no-passkeys-here").hidden = arrangement.passkeys || arrangement.away === "redirect" || !COMPARED.some((name) => name === arrangement.name);
}

/** When what is proved changes by itself. @type {ReturnType<typeof setTimeout> | undefined} */
let changes;

/** Says what is proved now, and until when; then, what is left of it. */
function showAssurance() {
  clearTimeout(changes);
  const now = stepup.assurance;
  const { level, acr, amr, until = 0 } = now ?? {};
  const how = [level ?? acr, methods(amr)].filter(Boolean).join(" by ") || "Signed in";
  find("#assurance").textContent = now ? `${how} until ${new Date(until).toLocaleTimeString([], { timeStyle: "medium" })}` : "";
  if (now) changes = setTimeout(showAssurance, Math.max(0, until - Date.now()) + 50);
}

/** Forgets who was here. */
function leave() {
  owner = undefined;
  passkeys = undefined;
  document.body.dataset.state = "left";
  clearTimeout(changes);
  for (const id of ["#owner", "#iban", "#assurance"]) find(id).textContent = "";
  find("#balance").textContent = "–";
  for (const id of ["#history", "#payee", "#passkeys"]) find(id).replaceChildren();
  const back = new URLSearchParams({ client_id: arrangement.client, post_logout_redirect_uri: new URL("/", location.href).href });
  find("#provider-sign-out", HTMLAnchorElement).href = `${issuer}/session/end?${back}`;
}

/**
 * The user is back from the provider: what waited has been sent again.
 * @param {import("/stepup/index.js").Resumed} back
 */
async function takeUp({ error, results: [result] }) {
  if (!result) {
    if (error) throw error;
    return undefined;
  }
  if (result.error) throw result.error;
  const done = await account.read(/** @type {Response} */ (result.response));
  return result.tag === TAG ? `Sent ${money(done.amount)} to ${done.payeeName}.` : "Done, as you confirmed.";
}

const seen = broughtAlong();
for (const { type, detail } of seen) diagram.add(type, detail);
tally.goOn(seen);
const back = await stepup.resume().catch((error) => ({ error, returnTo: "", results: [] }));
if (back) {
  await act("Welcome back…", takeUp(back), async (done) => {
    // A token for one transfer is used up by it, and the page before this one has taken the other along.
    if (done !== undefined && arrangement.details) return "Done, as you confirmed. Sign in to see your account.";
    const greeting = await enter();
    return done ?? greeting;
  });
}

// A backend remembers who was here; tokens in a page do not outlive it.
if (backend && await whoIsThere()) await act("Opening your account…", Promise.resolve(), enter);
