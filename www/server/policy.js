/**
 * When the provider asks the user for something: the interaction policy.
 *
 * `oidc-provider` by itself ignores `acr_values`, takes an essential acr literally, and knows one
 * moment of authentication per session. Its three checks about that give way to one, "at least
 * this level, at least this fresh" (RFC 9470 §4, OpenID Connect Core §5.5.1.1).
 * @module
 */
import { answer, demandOf, rank, target } from "./levels.js";
import { errors, interactionPolicy } from "./oidc.js";

/**
 * @typedef {import("oidc-provider").KoaContextWithOIDC} Context
 * @typedef {import("./levels.js").Demand} Demand
 * @typedef {import("./levels.js").Proof} Proof
 */

/**
 * @typedef {object} Assurance the provider's knowledge of users and sessions
 * @property {import("./options.js").Options} options
 * @property {import("./proofs.js").Proofs} proofs
 * @property {(user: string, level: string) => boolean} canReach
 */

/** @param {Assurance} assurance */
export function createPolicy(assurance) {
  const { Check, base } = interactionPolicy;
  const policy = base();
  // The app is the bank's own: the user agreed to it when opening the account.
  policy.remove("consent");
  const login = policy.get("login");
  if (!login) throw new Error("oidc-provider has no login prompt");
  for (const name of ["max_age", "essential_acr", "essential_acrs"]) login.checks.remove(name);
  const pinned = login.checks.get("id_token_hint");
  login.checks.remove("id_token_hint");
  if (pinned) {
    const { check } = pinned;
    pinned.check = (ctx) => assurance.options.hints === "honour" && check(ctx);
    login.checks.add(pinned);
  }
  login.checks.add(new Check("assurance", "a stronger or fresher authentication is needed", (ctx) => {
    const { session } = ctx.oidc;
    const demand = demandFor(ctx, assurance);
    const user = session?.accountId;
    // Who has yet to sign in, or to become somebody else, is asked by the other checks.
    if (user === undefined || otherUser(ctx, assurance, user)) return Check.NO_NEED_TO_PROMPT;
    if (answerFor(ctx, assurance, demand)) return Check.NO_NEED_TO_PROMPT;
    if (target(demand, (level) => assurance.canReach(user, level)) === undefined) throw unmet();
    return Check.REQUEST_PROMPT;
  }));
  return policy;
}

/**
 * What this request asks for, after what the options make of it.
 * @param {Context} ctx
 * @param {Assurance} assurance
 */
function demandFor(ctx, assurance) {
  const demand = demandOf(ctx.oidc.params ?? {});
  return adjusted(demand, assurance.options);
}

/**
 * The demand as a provider of this kind takes it.
 * @param {Demand} demand
 * @param {import("./options.js").Options} options
 */
export function adjusted(demand, options) {
  if (options.assurance === "refuse" && demand.acr.length > 0) throw unmet();
  return options.assurance === "lower" ? { ...demand, acr: [] } : demand;
}

/** RFC 9470 §5, OpenID Connect Core Unmet Authentication Requirements 1.0 §2. */
function unmet() {
  return new errors.UnmetAuthenticationRequirements("the user cannot authenticate as asked for");
}

/**
 * @param {Context} ctx
 * @param {Assurance} assurance
 * @param {string} user
 */
function otherUser(ctx, assurance, user) {
  const hint = /** @type {{ payload: { sub?: string } } | undefined} */ (ctx.oidc.entities.IdTokenHint);
  return assurance.options.hints === "honour" && hint !== undefined && hint.payload.sub !== user;
}

/**
 * What the provider can answer now, without asking the user.
 * @param {Context} ctx
 * @param {Assurance} assurance
 * @param {Demand} [demand]
 */
export function answerFor(ctx, assurance, demand = demandFor(ctx, assurance)) {
  const { session, result } = ctx.oidc;
  const made = /** @type {Proof[] | undefined} */ (result?.proofs) ?? [];
  const held = assurance.proofs.of(session?.uid, session?.accountId);
  return answer(demand, held, made, Math.floor(Date.now() / 1000));
}

/**
 * Whether a user can get to a level: with a passkey, or with codes, which also let one be added.
 * @param {import("./accounts.js").Account} account
 * @param {boolean} hasPasskey
 * @param {string} level
 */
export function canReach(account, hasPasskey, level) {
  if (level === "AL3") return hasPasskey || account.codes;
  return rank(level) === 0 || account.codes;
}
