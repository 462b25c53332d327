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
  const all = bff?.passkey || passkey || firstPartyApps ? ["passkey"] : [];
  return bff && !bff.login ? all : [...all, "popup"];
};
