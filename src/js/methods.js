// @ts-check
/** By which methods this page can ask the user, as far as that is known without asking anybody. */

/** @typedef {import("./index.d.ts").Method} Method */

/** @returns {"usable" | "absent" | "blocked"} */
export const passkeys = () => {
  const { document, PublicKeyCredential } = /** @type {any} */ (globalThis);
  if (!PublicKeyCredential) return "absent";
  // Not every engine tells (WebAuthn Level 3 §5.9).
  const policy = document?.permissionsPolicy ?? document?.featurePolicy;
  return (policy?.allowsFeature("publickey-credentials-get") ?? true) ? "usable" : "blocked";
};

/** In order of preference. @param {import("./index.d.ts").StepUpOptions} options @returns {Method[]} */
export const methodsOf = ({ methods, authenticate, passkey, firstPartyApps, bff }) => {
  if (methods || authenticate) return methods ?? [];
  /** @type {Method[]} */
  const all = (bff ? bff.passkey : passkey || firstPartyApps) ? ["passkey"] : [];
  return bff && !bff.login ? all : [...all, "popup"];
};

/**
 * The place of a level in the app's order, by its name or one of its acr values; -1 for what is none.
 * @param {import("./index.d.ts").StepUpOptions["levels"]} levels @param {string} value
 */
export const placeIn = (levels, value) =>
  levels?.findIndex((level) =>
    (typeof level === "string" ? [level] : [level.name, level.acr].flat()).includes(value),
  ) ?? -1;

/**
 * The method that an `ensure()` begins with, as the core will find: without a challenge, options for
 * a passkey come from the server's own endpoint only.
 * @param {import("./index.d.ts").StepUpOptions} options @param {import("./index.d.ts").EnsureOptions} asked
 */
export const firstMethod = (options, { methods: admitted, acr, acrValues, phishingResistant }) => {
  const { bff, passkey, firstPartyApps, levels } = options;
  const server = bff ? bff.passkey : passkey;
  const reached = server?.acrValues;
  const demanded = [acrValues ?? acr ?? []].flat();
  const place = (/** @type {string} */ value) => placeIn(levels, value);
  const reaches = (/** @type {string} */ value) =>
    reached?.some((it) => it === value || (place(value) >= 0 && place(it) >= place(value)));
  const marked = /** @type {any[]} */ (levels ?? []).find((level) => level.phishingResistant);
  const can =
    passkeys() === "usable" &&
    (server ? server.options : firstPartyApps) &&
    (!reached ||
      ((!demanded.length || demanded.some(reaches)) &&
        (!phishingResistant || !marked || reaches(marked.name))));
  return [methodsOf(options)]
    .flat()
    .find((method) => (admitted?.includes(method) ?? true) && (method !== "passkey" || can));
};
