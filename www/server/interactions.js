/**
 * The conversation with the user at the provider: sign-in, one-time code, passkey.
 * @module
 */
import { randomInt, timingSafeEqual } from "node:crypto";
import { decodeJwt } from "jose";
import { checkPassword, findAccount } from "./accounts.js";
import { HttpError, readBody, target as targetOf } from "./http.js";
import { answer, demandOf } from "./levels.js";
import { sendPage } from "./pages.js";
import { paymentIn } from "./payments.js";
import { adjusted } from "./policy.js";
import { nextStep } from "./steps.js";

/** Wrong passwords and codes in one interaction. */
const ATTEMPTS = 8;
/** How long a one-time code is good, in seconds. */
const CODE_TTL = 300;
/** Conversations remembered at once; the oldest goes first. */
const CONVERSATIONS = 1000;

/**
 * @typedef {import("./http.js").Request} Request
 * @typedef {import("./http.js").Response} Response
 */

/**
 * @typedef {object} Conversation what has happened in one interaction so far
 * @property {string} [user] who it is, or is said to be
 * @property {string} [typed] the name that was typed with a wrong password
 * @property {string} [pinned] the only user who may answer (`id_token_hint`)
 * @property {import("./levels.js").Proof[]} made
 * @property {number} attempts wrong ones
 * @property {boolean} declined
 * @property {{ value: string, until: number }} [code]
 * @property {string} [challenge] of the WebAuthn ceremony on the page
 * @property {string} [message] why the same page is shown again
 */

/**
 * @param {object} parts
 * @param {import("./hosts.js").Addresses} parts.at
 * @param {import("oidc-provider").Provider} parts.provider
 * @param {import("./policy.js").Assurance} parts.assurance
 * @param {import("./passkeys.js").Passkeys} parts.passkeys
 */
export function createInteractions({ at, provider, assurance, passkeys }) {
  /** @type {Map<string, Conversation>} */
  const conversations = new Map();
  const now = () => Math.floor(Date.now() / 1000);

  /**
   * Answers `GET` and `POST /interaction/:uid`.
   * @param {Request} req
   * @param {Response} res
   */
  return async function interact(req, res) {
    const details = await provider.interactionDetails(req, res).catch(() => undefined);
    if (!details || targetOf(req).path !== `/interaction/${details.uid}`) {
      throw new HttpError(400, "This sign-in is over. Go back to the bank and start again.");
    }
    const talk = conversations.get(details.uid) ?? begin(details);
    const demand = adjusted(demandOf(details.params), assurance.options);

    const situation = () => {
      const account = findAccount(talk.user);
      const held = talk.user === details.session?.accountId ? assurance.proofs.of(details.session?.uid, talk.user) : [];
      const hasPasskey = account !== undefined && passkeys.of(account.id).length > 0;
      // An app that is about to add a passkey itself needs no offer.
      const declined = talk.declined || String(details.params.scope).split(" ").includes("passkeys:write");
      return { account, hasPasskey, declined, demand, held, made: talk.made, now: now() };
    };

    if (req.method === "POST") {
      // The pages send no referrer, and so no Origin; the browser still says whose form it was.
      const site = req.headers["sec-fetch-site"];
      if (site !== undefined && site !== "same-origin") throw new HttpError(403, "This form belongs to another site.");
      const form = new URLSearchParams((await readBody(req)).toString("utf8"));
      const error = await take(talk, form, situation());
      if (error) {
        conversations.delete(details.uid);
        await provider.interactionFinished(req, res, error, { mergeWithLastSubmission: false });
        return;
      }
    } else if (req.method !== "GET") {
      throw new HttpError(405, "only GET and POST");
    }

    const current = situation();
    const step = nextStep(current);
    if (step === "done" || step === "unmet") {
      conversations.delete(details.uid);
      await provider.interactionFinished(req, res, step === "done" ? proved(current) : {
        error: "unmet_authentication_requirements",
        error_description: "the user cannot authenticate as asked for",
      }, { mergeWithLastSubmission: false });
    } else if (req.method === "POST") {
      // A page of its own address: reload and Back do not send the form again.
      res.writeHead(303, { Location: `/interaction/${details.uid}`, "Cache-Control": "no-store" });
      res.end();
    } else {
      await show(res, details, talk, current, step);
    }
  };

  /**
   * @param {Awaited<ReturnType<typeof provider.interactionDetails>>} details
   * @returns {Conversation}
   */
  function begin({ uid, params, session }) {
    const hint = params.id_token_hint;
    // Its signature was checked when the request arrived.
    const pinned = typeof hint === "string" && assurance.options.hints === "honour" ? decodeJwt(hint).sub : undefined;
    /** @type {Conversation} */
    const talk = { user: pinned ?? session?.accountId, pinned, made: [], attempts: 0, declined: false };
    conversations.set(uid, talk);
    const [oldest] = conversations.keys();
    if (conversations.size > CONVERSATIONS && oldest !== undefined) conversations.delete(oldest);
    return talk;
  }

  /**
   * Takes one form. What comes back ends the interaction.
   * @param {Conversation} talk
   * @param {URLSearchParams} form
   * @param {import("./steps.js").Situation} situation
   * @returns {Promise<import("oidc-provider").InteractionResults | undefined>}
   */
  async function take(talk, form, situation) {
    const step = nextStep(situation);
    const action = form.get("action");
    talk.message = undefined;
    switch (action) {
      case "cancel":
        return { error: "access_denied", error_description: "the user cancelled" };
      case "other-account":
        if (talk.pinned === undefined) Object.assign(talk, { user: undefined, typed: "", made: [], code: undefined });
        return undefined;
      case "decline":
        talk.declined = step === "offer" || talk.declined;
        return undefined;
      case "password": {
        if (step !== "sign-in" && step !== "password") return undefined;
        const account = checkPassword(form.get("login"), form.get("password"));
        if (account && (talk.user === undefined || talk.user === account.id)) {
          talk.user = account.id;
          talk.made.push({ level: "AL1", at: now(), amr: ["pwd"] });
          return undefined;
        }
        talk.typed = form.get("login")?.slice(0, 100);
        return wrong(talk, "That name and password do not belong together.");
      }
      case "code":
        if (step !== "code") return undefined;
        if (talk.code && now() <= talk.code.until && same(form.get("code"), talk.code.value)) {
          talk.code = undefined;
          talk.made.push({ level: "AL2", at: now(), amr: ["pwd", "otp", "mfa"] });
          return undefined;
        }
        return wrong(talk, "That is not the code, or it came too late.");
      case "passkey":
        return takePasskey(talk, form, situation);
      case "register":
        return takeRegistration(talk, form, step);
      default:
        throw new HttpError(400, "This form is not known here.");
    }
  }

  /**
   * @param {Conversation} talk
   * @param {URLSearchParams} form
   * @param {import("./steps.js").Situation} situation
   */
  async function takePasskey(talk, form, { account }) {
    const { challenge } = talk;
    talk.challenge = undefined;
    try {
      if (challenge === undefined) throw new Error("no ceremony is under way");
      const { user, level, amr } = await passkeys.verify(JSON.parse(form.get("credential") ?? ""), {
        challenge, origins: [at.issuer], user: account?.id,
      });
      talk.user = user;
      talk.made.push({ level, at: now(), amr });
      return undefined;
    } catch {
      return wrong(talk, "The passkey could not be checked. Try it again.");
    }
  }

  /**
   * @param {Conversation} talk
   * @param {URLSearchParams} form
   * @param {import("./steps.js").Step} step
   */
  async function takeRegistration(talk, form, step) {
    const { challenge, user } = talk;
    talk.challenge = undefined;
    if (step !== "register" && step !== "offer") return undefined;
    try {
      if (challenge === undefined || user === undefined) throw new Error("no ceremony is under way");
      await passkeys.register(JSON.parse(form.get("credential") ?? ""), { challenge, origins: [at.issuer], user });
      return undefined;
    } catch {
      return wrong(talk, "The passkey could not be added. Try it again.");
    }
  }

  /**
   * @param {Response} res
   * @param {Awaited<ReturnType<typeof provider.interactionDetails>>} details
   * @param {Conversation} talk
   * @param {import("./steps.js").Situation} situation
   * @param {Exclude<import("./steps.js").Step, "done" | "unmet">} step
   */
  async function show(res, { uid, params }, talk, { account, hasPasskey, demand }, step) {
    if (step === "code" && (!talk.code || now() > talk.code.until)) {
      talk.code = { value: String(randomInt(1_000_000)).padStart(6, "0"), until: now() + CODE_TTL };
    }
    const adds = (step === "register" || step === "offer") && account;
    const uses = step === "sign-in" || hasPasskey;
    const options = adds ? await passkeys.creationOptions(account) : uses ? await passkeys.requestOptions(account?.id) : undefined;
    talk.challenge = options?.challenge;
    sendPage(res, at, step, {
      uid,
      account,
      login: account?.id ?? talk.typed ?? (typeof params.login_hint === "string" ? params.login_hint : ""),
      pinned: talk.pinned !== undefined,
      code: talk.code?.value,
      ceremony: options,
      message: talk.message,
      wantsPasskey: demand.acr.includes("AL3"),
      payment: paymentIn(params),
    });
  }

  /** @param {import("./steps.js").Situation} situation */
  function proved({ account, demand, held, made, now: time }) {
    const found = answer(demand, held, made, time);
    if (!account || !found) throw new Error("done without a proof");
    return { login: { accountId: account.id, acr: found.acr, amr: found.amr, ts: found.at }, proofs: made };
  }
}

/**
 * @param {Conversation} talk
 * @param {string} message
 */
function wrong(talk, message) {
  talk.attempts += 1;
  talk.message = message;
  return talk.attempts < ATTEMPTS ? undefined : { error: "access_denied", error_description: "too many wrong attempts" };
}

/**
 * @param {string | null} given
 * @param {string} expected
 */
function same(given, expected) {
  const digits = Buffer.from((given ?? "").replace(/\s/g, ""));
  return digits.length === expected.length && timingSafeEqual(digits, Buffer.from(expected));
}
