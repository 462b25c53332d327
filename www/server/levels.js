/**
 * The three levels of assurance, and which proof of the user answers which request.
 *
 * The provider keeps one proof per level: when and how the user last reached it. A request is
 * answered with a proof that satisfies all of it, so a fresh password never makes an old passkey
 * look fresh, and never takes the passkey away either.
 * @module
 */

/** The acr values, the lowest first: a password, a one-time code besides it, a passkey. */
export const LEVELS = Object.freeze(["AL1", "AL2", "AL3"]);

/**
 * @typedef {object} Proof
 * @property {string} level the acr it reaches by itself
 * @property {number} at seconds since the epoch
 * @property {string[]} amr how (RFC 8176)
 */

/**
 * @typedef {object} Demand what an authorization request asks of the user
 * @property {string[]} acr acceptable values in the client's order; empty when none was asked for
 * @property {number} [maxAge] seconds
 * @property {boolean} anew whether the user must authenticate in this very interaction
 */

/**
 * The place of an acr value in the order, or -1 for one that is not known here.
 * @param {string | undefined} acr
 */
export function rank(acr) {
  return acr === undefined ? -1 : LEVELS.indexOf(acr);
}

/**
 * Reads what an authorization request asks for.
 * @param {{ acr_values?: unknown, claims?: unknown, max_age?: unknown, prompt?: unknown, authorization_details?: unknown }} params
 * @returns {Demand}
 */
export function demandOf(params) {
  const acr = essentialAcr(params.claims) ?? words(params.acr_values);
  // A payment is confirmed by who sees it: what was proved before it was shown does not count.
  const anew = words(params.prompt).includes("login") || params.authorization_details !== undefined;
  return params.max_age === undefined ? { acr, anew } : { acr, anew, maxAge: Number(params.max_age) };
}

/**
 * The acr of the `claims` parameter, where it is essential (OpenID Connect Core §5.5.1.1).
 * @param {unknown} claims
 * @returns {string[] | undefined}
 */
function essentialAcr(claims) {
  if (typeof claims !== "string") return undefined;
  const acr = JSON.parse(claims)?.id_token?.acr;
  if (!acr?.essential) return undefined;
  const values = Array.isArray(acr.values) ? acr.values : acr.value === undefined ? [] : [acr.value];
  return values.map(String);
}

/** @param {unknown} list space-separated */
function words(list) {
  return typeof list === "string" ? list.split(" ").filter(Boolean) : [];
}

/**
 * The lowest rank that is enough, or `undefined` when nothing asked for is known here.
 * @param {Demand} demand
 */
export function lowest(demand) {
  if (demand.acr.length === 0) return 0;
  const ranks = demand.acr.map(rank).filter((value) => value >= 0);
  return ranks.length === 0 ? undefined : Math.min(...ranks);
}

/**
 * The level to ask the user for: the lowest that is enough and that this user can reach, or
 * `undefined` when there is none.
 * @param {Demand} demand
 * @param {(level: string) => boolean} canReach
 */
export function target(demand, canReach) {
  const least = lowest(demand);
  return least === undefined ? undefined : LEVELS.slice(least).find(canReach);
}

/**
 * The strongest proof that satisfies the demand, named by the acr to report for it.
 * @param {Demand} demand
 * @param {Proof[]} held proofs of the session
 * @param {Proof[]} made proofs of this interaction, which are always fresh enough
 * @param {number} now seconds since the epoch
 * @returns {{ acr: string, amr: string[], at: number } | undefined}
 */
export function answer(demand, held, made, now) {
  const least = lowest(demand);
  if (least === undefined) return undefined;
  const fresh = demand.anew ? [] : held.filter(({ at }) => demand.maxAge === undefined || now - at <= demand.maxAge);
  const proof = [...made, ...fresh]
    .filter(({ level }) => rank(level) >= least)
    .sort((a, b) => rank(b.level) - rank(a.level) || b.at - a.at)[0];
  return proof && { acr: label(demand, proof), amr: proof.amr, at: proof.at };
}

/**
 * The acr to report: the proof's own level if it was asked for or nothing was, otherwise the first
 * value asked for that it satisfies. The levels include each other, so that is true as well.
 * @param {Demand} demand
 * @param {Proof} proof
 */
function label(demand, proof) {
  const satisfied = demand.acr.filter((acr) => rank(acr) >= 0 && rank(acr) <= rank(proof.level));
  return satisfied.includes(proof.level) ? proof.level : satisfied[0] ?? proof.level;
}

/**
 * The newest proof of each level out of several lists.
 * @param {...Proof[]} lists
 * @returns {Proof[]}
 */
export function newest(...lists) {
  /** @type {Map<string, Proof>} */
  const byLevel = new Map();
  for (const proof of lists.flat()) {
    const before = byLevel.get(proof.level);
    if (!before || before.at <= proof.at) byLevel.set(proof.level, proof);
  }
  return [...byLevel.values()];
}
