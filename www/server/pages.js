/**
 * The provider's own pages: plain HTML, one style sheet, one script for passkeys, nothing inline.
 * @module
 */

/**
 * @typedef {object} View
 * @property {string} uid of the interaction
 * @property {import("./accounts.js").Account} [account]
 * @property {string} login what the name field starts with
 * @property {boolean} pinned whether nobody else may sign in here
 * @property {string} [code] the one-time code, shown because a demo sends no messages
 * @property {object} [ceremony] WebAuthn options as JSON
 * @property {string} [message]
 * @property {boolean} wantsPasskey
 * @property {import("./payments.js").Payment} [payment] what is being confirmed
 */

/** Markup that is safe to put into a page. */
class Markup {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/**
 * A template whose values are escaped unless they are markup themselves.
 * @param {TemplateStringsArray} parts
 * @param {...(Markup | string | undefined | false)} values
 */
function html(parts, ...values) {
  return new Markup(parts.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

/** @param {Markup | string | undefined | false} value */
function render(value) {
  if (value instanceof Markup) return value.text;
  const entities = /** @type {const} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" });
  return (value || "").replace(/[&<>"']/g, (char) => entities[/** @type {keyof typeof entities} */ (char)]);
}

/**
 * Headers of every page. The form leads back to the app, which counts as a target of its own.
 * @param {import("./http.js").Response} res
 * @param {import("./hosts.js").Addresses} at
 */
function setHeaders(res, at) {
  res.setHeader("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    + `form-action 'self' ${at.app}; base-uri 'none'; frame-ancestors 'none'`);
  res.setHeader("Content-Type", "text/html; charset=utf-8");
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("Referrer-Policy", "no-referrer");
  res.setHeader("X-Content-Type-Options", "nosniff");
}

/**
 * @param {string} title
 * @param {Markup} main
 */
function layout(title, main) {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – Localhost Bank</title>
<link rel="icon" href="/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/pages.css">
<script src="/passkey.js" type="module"></script>
<body>
<header><img src="/mark.svg" alt="" width="28" height="28"><span>Localhost Bank</span></header>
<main>${main}</main>
<footer>This is the bank’s identity provider. It runs on your machine and sends nothing anywhere.</footer>
</body>
</html>
`.text;
}

/**
 * @param {import("./http.js").Response} res
 * @param {import("./hosts.js").Addresses} at
 * @param {Exclude<import("./steps.js").Step, "done" | "unmet">} step
 * @param {View} view
 */
export function sendPage(res, at, step, view) {
  setHeaders(res, at);
  const [title, content] = pages[step](view);
  const alert = view.message ? html`<p class="alert" role="alert">${view.message}</p>` : undefined;
  res.end(layout(title, html`
<h1>${title}</h1>
${who(view)}
${payment(view)}
${alert}
${content}
${form(view, html`<button id="cancel" name="action" value="cancel" class="quiet">Cancel and go back</button>`)}`));
}

/** @type {Record<Exclude<import("./steps.js").Step, "done" | "unmet">, (view: View) => [string, Markup]>} */
const pages = {
  "sign-in": (view) => ["Sign in", html`
${passwordForm(view)}
${separator}
${passkeyForm(view, "Use a passkey", "secondary")}
${demoHint}`],

  password: (view) => [view.wantsPasskey ? "Your password first" : "Confirm your password", html`
${passwordForm(view)}
${view.ceremony && html`${separator}${passkeyForm(view, "Use your passkey instead", "secondary")}`}`],

  code: (view) => ["Enter the code", html`
<p>${view.wantsPasskey
    ? "The bank asks for a passkey and you have none yet. Enter a code, and you can add one."
    : "The bank asks for a one-time code besides your password."}</p>
${form(view, html`
<input type="hidden" name="action" value="code">
<label for="code">Six digits</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,7}" maxlength="7" required autofocus class="code">
<p class="phone">No message was sent, since this is a demo. Your code is <strong id="code-hint">${view.code}</strong></p>
<button id="continue">Continue</button>`)}
${view.ceremony && html`${separator}${passkeyForm(view, "Use your passkey instead", "secondary")}`}`],

  passkey: (view) => ["Confirm with your passkey", html`
<p>The bank asks for your passkey before it goes on: your fingerprint, your face, your device’s PIN or a security key.</p>
${passkeyForm(view, "Use your passkey", "primary")}`],

  register: (view) => ["Add a passkey", html`
<p>The bank asks for a passkey and you have none yet. You have just entered your code, so you can add one now. Then use it to confirm.</p>
${registerForm(view)}`],

  offer: (view) => ["Add a passkey?", html`
<p>Your code was right. With a passkey you confirm by fingerprint, face or PIN, and need no code. Transfers ask for one.</p>
${registerForm(view)}
${form(view, html`
<input type="hidden" name="action" value="decline">
<button id="continue" class="secondary">Not now</button>`)}`],
};

const separator = html`<p class="or"><span>or</span></p>`;

const demoHint = html`<details><summary>Who can sign in here?</summary>
<dl>
<dt>alice</dt><dd>Password <code>alice-password</code>. Has one-time codes and can add a passkey.</dd>
<dt>bob</dt><dd>Password <code>bob-password</code>. Has nothing but a password.</dd>
</dl></details>`;

/** @param {View} view */
function who(view) {
  if (!view.account) return undefined;
  return html`<div class="who"><span class="face" aria-hidden="true">${view.account.name.slice(0, 1)}</span>
<span>${view.account.name}</span>
${!view.pinned && form(view, html`<button id="other-account" name="action" value="other-account" class="link">Not you?</button>`)}</div>`;
}

/** @param {View} view */
function payment({ payment }) {
  return payment && html`<dl class="payment" id="payment">
<dt>You are sending</dt><dd><strong>€${payment.instructedAmount.amount}</strong></dd>
<dt>to</dt><dd><strong>${payment.creditorName}</strong><br>${payment.creditorAccount.iban.replace(/(.{4})(?=.)/g, "$1 ")}</dd>
</dl>`;
}

/**
 * @param {View} view
 * @param {Markup} content
 */
function form(view, content) {
  return html`<form method="post" action="/interaction/${view.uid}">${content}</form>`;
}

/** @param {View} view */
function passwordForm(view) {
  const known = view.account !== undefined;
  return form(view, html`
<input type="hidden" name="action" value="password">
<label for="login">Name</label>
<input id="login" name="login" value="${view.login}" autocomplete="username" autocapitalize="none" spellcheck="false" required ${known ? html`readonly` : !view.login && html`autofocus`}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required ${view.login && html`autofocus`}>
<button id="continue">Continue</button>`);
}

/**
 * @param {View} view
 * @param {string} text
 * @param {string} look
 */
function passkeyForm(view, text, look) {
  return ceremonyForm(view, "passkey", html`<button type="button" id="use-passkey" class="${look}" ${look === "primary" && html`autofocus`}>${key}${text}</button>`);
}

/** @param {View} view */
function registerForm(view) {
  return ceremonyForm(view, "register", html`<button type="button" id="add-passkey" autofocus>${key}Add a passkey</button>`);
}

const key = html`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="M14.5 3a6.5 6.5 0 0 0-6.2 8.4L3 16.7V21h4.3v-2.2h2.2v-2.2h2.1l.9-.9A6.5 6.5 0 1 0 14.5 3Zm2 6a1.5 1.5 0 1 1 0-3 1.5 1.5 0 0 1 0 3Z" fill="currentColor"/></svg>`;

/**
 * A form whose button starts a WebAuthn ceremony in `passkey.js`, which then submits it.
 * @param {View} view
 * @param {"passkey" | "register"} action
 * @param {Markup} button
 */
function ceremonyForm(view, action, button) {
  return html`<form method="post" action="/interaction/${view.uid}" data-ceremony="${action}" data-options="${JSON.stringify(view.ceremony)}">
<input type="hidden" name="action" value="${action}">
<input type="hidden" name="credential">
${button}
<p class="status" role="status"></p>
<noscript><p class="alert">Passkeys need JavaScript.</p></noscript>
</form>`;
}

/**
 * A page for what went wrong before or outside an interaction.
 * @param {import("./http.js").Response} res
 * @param {import("./hosts.js").Addresses} at
 * @param {string} detail
 */
export function errorPage(res, at, detail) {
  setHeaders(res, at);
  return layout("This did not work", html`<h1>This did not work</h1>
<p class="alert" role="alert">${detail.slice(0, 1).toUpperCase() + detail.slice(1)}</p>
<p><a href="${at.app}/">Go to the bank</a></p>`);
}

/**
 * Asks whether to end the session (RP-Initiated Logout 1.0 §2).
 * @param {import("./http.js").Response} res
 * @param {import("./hosts.js").Addresses} at
 * @param {string} hidden the library's form, which the buttons belong to
 * @param {(body: string) => void} send
 */
export function logoutPage(res, at, hidden, send) {
  setHeaders(res, at);
  send(layout("Sign out", html`<h1>Sign out here too?</h1>
<p>The bank has signed you out. The identity provider still knows you and would sign you in again without a password.</p>
${new Markup(hidden)}
<button id="end-session" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button id="keep-session" form="op.logoutForm" class="secondary">Stay signed in</button>`));
}

/**
 * @param {import("./http.js").Response} res
 * @param {import("./hosts.js").Addresses} at
 * @param {(body: string) => void} send
 */
export function loggedOutPage(res, at, send) {
  setHeaders(res, at);
  send(layout("Signed out", html`<h1>Signed out</h1><p><a href="${at.app}/">Go to the bank</a></p>`));
}
