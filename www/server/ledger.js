/**
 * The bank's books: accounts, payees, and each transfer exactly once.
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import { HttpError } from "./http.js";

/**
 * @typedef {object} Payee
 * @property {string} id
 * @property {string} name
 * @property {string} iban
 */

/**
 * @typedef {object} Transfer
 * @property {string} id
 * @property {string} user
 * @property {string} payee id
 * @property {string} payeeName
 * @property {number} amount cents
 * @property {string} currency
 * @property {number} at milliseconds since the epoch
 */

const CURRENCY = "EUR";
/** The most that one transfer may move, in cents. */
const LIMIT = 1_000_000;

/** Example numbers from the IBAN registry (ISO 13616); no such accounts exist. */
const OPENING = {
  alice: { iban: "DE89370400440532013000", cents: 482_350 },
  bob: { iban: "GB82WEST12345698765432", cents: 61_804 },
};

/** @type {readonly Payee[]} */
const PAYEES = [
  { id: "rent", name: "Rent", iban: "FR1420041010050500013M02606" },
  { id: "electricity", name: "Electricity", iban: "NL91ABNA0417164300" },
  { id: "savings", name: "Savings", iban: "ES9121000418450200051332" },
];

export class Ledger {
  /** @type {Map<string, { iban: string, cents: number, payees: Payee[] }>} */
  #books = new Map(Object.entries(OPENING).map(([user, book]) => [user, { ...book, payees: [...PAYEES] }]));
  /** @type {Transfer[]} */
  #transfers = [];
  /** @type {Map<string, { digest: string, transfer: Transfer }>} */
  #keys = new Map();

  /** @param {string} user */
  balance(user) {
    const { iban, cents } = this.#book(user);
    return { owner: user, iban, amount: cents, currency: CURRENCY };
  }

  /** @param {string} user */
  payees(user) {
    return this.#book(user).payees;
  }

  /** @param {string} [user] everybody's without it */
  transfers(user) {
    return this.#transfers.filter((transfer) => user === undefined || transfer.user === user);
  }

  /**
   * Moves money. The same idempotency key moves it once, however often it comes.
   * @param {string} user
   * @param {Record<string, unknown>} order
   * @param {string} [key]
   */
  transfer(user, { payee: payeeId, amount, ...rest }, key) {
    const book = this.#book(user);
    nothingElse(rest);
    const payee = book.payees.find(({ id }) => id === payeeId);
    if (!payee) throw new HttpError(422, "There is no such payee.", { field: "payee" });
    if (typeof amount !== "number" || !Number.isSafeInteger(amount) || amount <= 0) {
      throw new HttpError(422, "The amount must be a whole number of cents above zero.", { field: "amount" });
    }
    if (amount > LIMIT) throw new HttpError(422, "One transfer moves at most €10,000.", { field: "amount" });

    const digest = createHash("sha256").update(JSON.stringify([payee.id, amount])).digest("base64url");
    const known = key === undefined ? undefined : this.#keys.get(`${user} ${key}`);
    if (known && known.digest !== digest) throw new HttpError(422, "This idempotency key was used for another transfer.");
    if (known) return known.transfer;

    if (amount > book.cents) throw new HttpError(422, "The account does not hold that much.", { field: "amount" });
    book.cents -= amount;
    /** @type {Transfer} */
    const transfer = { id: randomUUID(), user, payee: payee.id, payeeName: payee.name, amount, currency: CURRENCY, at: Date.now() };
    this.#transfers.push(transfer);
    if (key !== undefined) this.#keys.set(`${user} ${key}`, { digest, transfer });
    return transfer;
  }

  /**
   * @param {string} user
   * @param {Record<string, unknown>} payee
   * @returns {Payee}
   */
  addPayee(user, { name, iban, ...rest }) {
    const book = this.#book(user);
    nothingElse(rest);
    if (typeof name !== "string" || !/^\P{C}{1,70}$/u.test(name) || name.trim() === "") {
      throw new HttpError(422, "The name must have 1 to 70 characters.", { field: "name" });
    }
    const compact = typeof iban === "string" ? iban.replace(/\s/g, "").toUpperCase() : "";
    if (!validIban(compact)) throw new HttpError(422, "This IBAN is not valid.", { field: "iban" });
    if (book.payees.some((payee) => payee.iban === compact)) throw new HttpError(409, "This IBAN is among your payees already.", { field: "iban" });
    const payee = { id: randomUUID(), name: name.trim(), iban: compact };
    book.payees.push(payee);
    return payee;
  }

  /** @param {string} user */
  #book(user) {
    const book = this.#books.get(user);
    if (!book) throw new HttpError(404, "There is no account of this user.");
    return book;
  }
}

/** @param {Record<string, unknown>} rest */
function nothingElse(rest) {
  const [name] = Object.keys(rest);
  if (name !== undefined) throw new HttpError(422, `There is no member ${JSON.stringify(name)}.`, { field: name });
}

/**
 * The check digits of an IBAN (ISO 13616, mod 97 of ISO 7064).
 * @param {string} iban without spaces, in capitals
 */
export function validIban(iban) {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return false;
  const digits = (iban.slice(4) + iban.slice(0, 4)).replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}
