// @ts-check
/**
 * A guess inside the click: is what the session's ID token says likely to be enough? Then no window is
 * opened, only to be closed again. Nothing is checked here, and nothing rests on it.
 */

import { placeIn } from "./methods.js";

/**
 * @param {import("./index.d.ts").StepUpOptions} options
 * @param {import("./index.d.ts").EnsureOptions} asked
 */
export const seemsEnough = (options, asked) => {
  const { issuer, bff } = options;
  const { acr, acrValues = [acr ?? []].flat(), maxAge, scope, phishingResistant } = asked;
  if (!issuer || bff || scope || phishingResistant) return false;
  try {
    const session = /** @type {any} */ (options.session?.());
    // What takes time is not waited for, and what fails is told when it is read in earnest.
    session?.catch?.(() => {});
    const payload = session.idToken.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(payload));
    const levels = /** @type {any[]} */ (options.levels ?? []);
    const place = (/** @type {string} */ value) => placeIn(levels, value);
    const proved = [claims.acr].flat();
    const enough = (/** @type {string} */ value) =>
      proved.some((it) => it === value || (place(value) >= 0 && place(it) >= place(value)));
    const limits = [maxAge, ...acrValues.map((value) => levels[place(value)]?.maxAge)];
    const limit = Math.min(...limits.filter((seconds) => seconds !== undefined));
    const now = Date.now() / 1000;
    return (
      now < claims.exp &&
      (!acrValues.length || acrValues.some(enough)) &&
      (limit === Infinity || now - claims.auth_time < limit)
    );
  } catch {
    return false;
  }
};
