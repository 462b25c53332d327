/**
 * Payments as authorization details (RFC 9396 §2): what the app asks for, what the provider shows to
 * the user, and what the API compares with the order (dynamic linking, PSD2 RTS Article 5).
 * @module
 */
import { errors } from "./oidc.js";

/** The one type of authorization details that is known here. */
export const PAYMENT = "payment_initiation";

/**
 * @typedef {object} Payment
 * @property {string} type
 * @property {{ currency: string, amount: string }} instructedAmount
 * @property {string} creditorName
 * @property {{ iban: string }} creditorAccount
 */

/**
 * Refuses what is no payment, or more than one.
 * @param {unknown} detail
 * @returns {asserts detail is Payment}
 */
export function validatePayment(detail) {
  const { instructedAmount, creditorName, creditorAccount, type, ...rest } = /** @type {any} */ (detail);
  const fine = type === PAYMENT && Object.keys(rest).length === 0
    && instructedAmount?.currency === "EUR" && /^\d{1,9}\.\d\d$/.test(instructedAmount.amount)
    && typeof creditorName === "string" && /^\P{C}{1,70}$/u.test(creditorName)
    && typeof creditorAccount?.iban === "string" && /^[A-Z\d]{15,34}$/.test(creditorAccount.iban);
  if (!fine) throw new errors.InvalidAuthorizationDetails("this is no payment");
}

/**
 * The payments of a request that the library has not looked at.
 * @param {string | undefined} text
 * @returns {Payment[] | undefined}
 */
export function paymentsIn(text) {
  if (text === undefined) return undefined;
  /** @type {unknown} */
  let details;
  try {
    details = JSON.parse(text);
  } catch {
    throw new errors.InvalidAuthorizationDetails("the authorization details are not JSON");
  }
  if (!Array.isArray(details)) throw new errors.InvalidAuthorizationDetails("the authorization details are no list");
  details.forEach(validatePayment);
  return details;
}

/**
 * The payment of a request, which was looked at when it arrived.
 * @param {{ authorization_details?: unknown }} params
 * @returns {Payment | undefined}
 */
export function paymentIn({ authorization_details: text }) {
  return typeof text === "string" ? JSON.parse(text)[0] : undefined;
}

/**
 * Whether a token's details are those of an order.
 * @param {unknown} details
 * @param {{ amount: unknown }} order in cents
 * @param {import("./ledger.js").Payee | undefined} payee
 */
export function pays(details, { amount }, payee) {
  const [payment, ...others] = /** @type {Payment[]} */ (details);
  return payment !== undefined && others.length === 0 && payment.type === PAYMENT
    && payment.instructedAmount.amount === (Number(amount) / 100).toFixed(2) && payment.instructedAmount.currency === "EUR"
    && payment.creditorName === payee?.name && payment.creditorAccount.iban === payee?.iban;
}
