/**
 * What a request without pages asks for, and whether a passkey can answer it.
 * @module
 */
import { demandOf, lowest } from "./levels.js";
import { errors } from "./oidc.js";
import { adjusted } from "./policy.js";

/**
 * @param {{ acr_values?: string, max_age?: string }} params
 * @param {import("./options.js").Options} options
 * @returns {import("./levels.js").Demand}
 */
export function demandIn({ acr_values, max_age }, options) {
  if (max_age !== undefined && !/^\d{1,10}$/.test(max_age)) throw new errors.InvalidRequest("max_age is not a number of seconds");
  const demand = adjusted(demandOf({ acr_values, max_age }), options);
  // A passkey reaches every level that is known here.
  if (lowest(demand) === undefined) {
    throw new errors.UnmetAuthenticationRequirements("the user cannot authenticate as asked for");
  }
  return demand;
}
