// @ts-check
/**
 * What the session's ID token says, unchecked. It tells whether it can be enough at all: if not, nobody
 * waits for the check. And it is a guess inside the click, so that no window is opened only to be closed
 * again. Nothing else rests on it.
 */

import { placeIn } from "./methods.js";

/** The claims that a demand is about; undefined where they make no sense. @param {any} idToken */
export const saidBy = (idToken) => {
  try {
    const payload = idToken.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(payload));
    const [acr, amr] = [claims.acr, claims.amr].map((list) => [list ?? []].flat());
    const time = (/** @type {unknown} */ given) => {
      const seconds = Math.floor(Number(given));
      return Number.isSafeInteger(seconds) ? seconds : undefined;
    };
    const [authTime, exp = -1] = [time(claims.auth_time), time(claims.exp)];
    if (exp < 0 || ![...acr, ...amr].every((value) => typeof value === "string")) return undefined;
    return { iss: "", sub: "", iat: 0, acr, amr, exp, authTime };
  } catch {
    return undefined;
  }
};

/**
 * @param {import("./index.d.ts").StepUpOptions} options
 * @param {import("./index.d.ts").EnsureOptions} asked
 */
export const seemsEnough = (options, asked) => {
  const { issuer, bff } = options;
  const { acr, acrValues = [acr ?? []].flat(), maxAge, scope, phishingResistant } = asked;
  if (!issuer || bff || scope || phishingResistant || asked.authorizationDetails || asked.claims) return false;
  let session;
  try {
    session = /** @type {any} */ (options.session?.());
    // What takes time is not waited for, and what fails is told when it is read in earnest.
    session?.catch?.(() => {});
  } catch {
    return false;
  }
  const said = saidBy(session?.idToken);
  const levels = /** @type {any[]} */ (options.levels ?? []);
  const place = (/** @type {string} */ value) => placeIn(levels, value);
  const enough = (/** @type {string} */ value) =>
    said?.acr.some((it) => it === value || (place(value) >= 0 && place(it) >= place(value)));
  const limits = [maxAge, ...acrValues.map((value) => levels[place(value)]?.maxAge)];
  const limit = Math.min(...limits.filter((seconds) => seconds !== undefined));
  const now = Date.now() / 1000;
  return (
    !!said &&
    now < said.exp &&
    (!acrValues.length || acrValues.some(enough)) &&
    (limit === Infinity || now - (said.authTime ?? 0) < limit)
  );
};
