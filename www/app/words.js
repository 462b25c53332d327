/**
 * Plain words for what the page shows: failures, amounts, ways to authenticate.
 * @module
 */
import { isStepUpError } from "/stepup/index.js";
import { ApiError } from "./account.js";

/** @type {Record<import("/stepup/index.js").StepUpErrorCode, string>} */
const failures = {
  aborted: "You stopped it. Nothing was sent.",
  assurance_not_met: "You signed in, but not as strongly as the bank asked. Nothing was sent.",
  assurance_stale: "Your confirmation is too old for this. Nothing was sent.",
  assurance_unavailable: "You have no way to confirm this as strongly as the bank asks. Nothing was sent.",
  assurance_unverifiable: "The identity provider did not say how you confirmed. Nothing was sent.",
  authenticate_failed: "The sign-in failed. Nothing was sent.",
  authorization_details_refused: "The identity provider confirmed something else than you asked for. Nothing was sent.",
  authorization_refused: "The identity provider refused the sign-in. Nothing was sent.",
  cancelled: "You cancelled. Nothing was sent.",
  challenge_rejected: "The bank asked for something this page does not accept.",
  configuration_invalid: "This page is not set up correctly.",
  downgrade_refused: "The identity provider gave a weaker token than asked for. Nothing was sent.",
  embedding_blocked: "This page is inside another site’s page. Open it on its own.",
  id_token_invalid: "The identity provider’s answer could not be trusted. Nothing was sent.",
  instance_dead: "Step-up stopped working on this page. Reload it.",
  interrupted: "It was interrupted. Look whether it was done before you do it again.",
  issuer_mismatch: "The answer came from another identity provider. Nothing was sent.",
  key_unknown: "The identity provider signed with an unknown key. Nothing was sent.",
  loop_detected: "The bank keeps asking for the same confirmation. Nothing was sent.",
  metadata_invalid: "The identity provider describes itself wrongly.",
  origin_not_allowed: "The request would have left for a place that must not see it.",
  passkey_busy: "Another passkey dialog is open. Finish it, and try again.",
  passkey_exists: "This device has a passkey for you already.",
  passkey_refused: "No passkey was used. Nothing was sent.",
  passkey_unavailable: "This browser has no passkey that can do this. Nothing was sent.",
  pending_expired: "You came back too late. Nothing was sent.",
  popup_blocked: "The browser blocked the sign-in window. Allow it and try again.",
  prompt_suppressed: "You said no a moment ago, so you were not asked again. Nothing was sent.",
  provider_unreachable: "The identity provider cannot be reached.",
  replay_unavailable: "You are confirmed, but this has to be sent once more by hand.",
  request_expired: "The sign-in page waited too long. Nothing was sent.",
  resource_mismatch: "The bank’s API names another identity provider. Nothing was sent.",
  response_malformed: "The identity provider’s answer made no sense. Nothing was sent.",
  scope_refused: "The bank asked for a right that this page never asks for. Nothing was sent.",
  session_changed: "You signed out meanwhile. Nothing was sent.",
  state_mismatch: "The answer belongs to another sign-in. Nothing was sent.",
  storage_unavailable: "This browser cannot keep the request while you confirm. Nothing was sent.",
  subject_mismatch: "Somebody else confirmed than who is signed in. Nothing was sent.",
  subject_unknown: "It is not known who is signed in. Nothing was sent.",
  timed_out: "It took too long. Nothing was sent.",
  token_refused: "The identity provider gave no token. Nothing was sent.",
  wasm_unavailable: "A part of this page did not load. Reload it.",
};

/**
 * What to tell the user about a failure, and its code for who looks closer.
 * @param {unknown} error
 */
export function explain(error) {
  if (isStepUpError(error)) return { code: error.code, text: failures[error.code] ?? "The confirmation failed. Nothing was sent." };
  if (error instanceof ApiError) return { code: `http_${error.status}`, text: error.message };
  if (error instanceof TypeError) return { code: "network", text: "The bank cannot be reached." };
  return { code: "unknown", text: "Something unforeseen went wrong." };
}

const euro = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/** @param {number} cents */
export function money(cents) {
  return euro.format(cents / 100);
}

/** @param {number} at milliseconds since the epoch */
export function moment(at) {
  return new Date(at).toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/**
 * Cents out of what a person types, `12`, `12.5` or `1,200.50`; undefined when it is no amount.
 * @param {string} text
 */
export function cents(text) {
  const match = /^€?\s*(\d{1,3}(?:[ ,']\d{3})+|\d+)(?:[.,](\d{1,2}))?$/.exec(text.trim());
  if (!match) return undefined;
  const value = Number((match[1] ?? "").replace(/\D/g, "")) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
  return value > 0 ? value : undefined;
}

/** @param {string} iban */
export function spaced(iban) {
  return iban.replace(/(.{4})(?=.)/g, "$1\u00a0");
}

/**
 * How somebody authenticated, out of `amr` (RFC 8176).
 * @param {string[]} [amr]
 */
export function methods(amr = []) {
  const words = /** @type {const} */ ([["pwd", "password"], ["otp", "code"], ["pop", "passkey"]]);
  return words.filter(([value]) => amr.includes(value)).map(([, word]) => word).join(" and ");
}
