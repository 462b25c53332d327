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
 * The method that an `ensure()` begins with, as the core will find: without a challenge, options for
 * a passkey come from the server's own endpoint only.
 * @param {import("./index.d.ts").StepUpOptions} options @param {import("./index.d.ts").EnsureOptions} asked
 */
export const firstMethod = (options, { methods: admitted, acr, acrValues }) => {
  const { bff, passkey, firstPartyApps } = options;
  const server = bff ? bff.passkey : passkey;
  const reached = server?.acrValues;
  const demanded = [acrValues ?? acr ?? []].flat();
  const can =
    passkeys() === "usable" &&
    (server ? server.options : firstPartyApps) &&
    (!reached || !demanded.length || demanded.some((value) => reached.includes(value)));
  return [methodsOf(options)]
    .flat()
    .find((method) => (admitted?.includes(method) ?? true) && (method !== "passkey" || can));
};
