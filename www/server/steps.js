/**
 * What to ask the user for next: only what is missing.
 * @module
 */
import { answer, target } from "./levels.js";
import { canReach } from "./policy.js";

/** How long after a one-time code a passkey may be added, in seconds. */
const ADDING = 300;

/**
 * @typedef {"sign-in" | "password" | "code" | "passkey" | "register" | "offer" | "unmet" | "done"} Step
 */

/**
 * @typedef {object} Situation
 * @property {import("./accounts.js").Account} [account] who it is, or is said to be; unknown before the sign-in
 * @property {boolean} hasPasskey
 * @property {boolean} declined whether the offer to add a passkey has been turned down
 * @property {import("./levels.js").Demand} demand
 * @property {import("./levels.js").Proof[]} held of the session
 * @property {import("./levels.js").Proof[]} made in this interaction
 * @property {number} now seconds since the epoch
 */

/**
 * @param {Situation} situation
 * @returns {Step}
 */
export function nextStep({ account, hasPasskey, declined, demand, held, made, now }) {
  if (!account) return "sign-in";
  if (answer(demand, held, made, now)) {
    const provedCode = made.some(({ level }) => level === "AL2");
    return provedCode && !hasPasskey && !declined ? "offer" : "done";
  }
  const level = target(demand, (value) => canReach(account, hasPasskey, value));
  if (level === undefined) return "unmet";
  if (level === "AL1") return "password";
  if (level === "AL3" && hasPasskey) return "passkey";

  const counted = demand.anew ? made : [...held, ...made];
  // A new passkey is as good as what vouched for it, so that has to be strong and recent.
  if (level === "AL3" && counted.some((proof) => proof.level === "AL2" && now - proof.at <= ADDING)) return "register";
  // A code is the second factor: the password must have come first, at any time in this session.
  return counted.some((proof) => proof.level === "AL1" || proof.level === "AL2") ? "code" : "password";
}
