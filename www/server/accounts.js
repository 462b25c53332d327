/**
 * The two customers of the bank and what each of them can prove.
 * @module
 */
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

/**
 * @typedef {object} Account
 * @property {string} id also the `sub`
 * @property {string} name for pages
 * @property {boolean} codes whether one-time codes reach this user
 */

/** @type {Map<string, { account: Account, salt: Buffer, hash: Buffer }>} */
const accounts = new Map();

for (const [id, name, password, codes] of /** @type {const} */ ([
  ["alice", "Alice", "alice-password", true],
  ["bob", "Bob", "bob-password", false],
])) {
  const salt = randomBytes(16);
  accounts.set(id, { account: { id, name, codes }, salt, hash: scryptSync(password, salt, 32) });
}

/**
 * The account of this name, if there is one.
 * @param {unknown} id
 * @returns {Account | undefined}
 */
export function findAccount(id) {
  return typeof id === "string" ? accounts.get(id.trim().toLowerCase())?.account : undefined;
}

/**
 * The account these credentials belong to. Takes as long for a name that does not exist.
 * @param {unknown} login
 * @param {unknown} password
 * @returns {Account | undefined}
 */
export function checkPassword(login, password) {
  const entry = typeof login === "string" ? accounts.get(login.trim().toLowerCase()) : undefined;
  const salt = entry?.salt ?? Buffer.alloc(16);
  const hash = scryptSync(typeof password === "string" ? password : "", salt, 32);
  return entry && timingSafeEqual(hash, entry.hash) ? entry.account : undefined;
}
