// @ts-check
/** The app's options and demands as the core takes them. */

import { base, placesOf } from "./apis.js";
import { StepUpError } from "./error.js";
import { methodsOf, passkeys } from "./methods.js";

/**
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 * @typedef {import("./index.d.ts").Requirement} Requirement
 */

/** @param {string | string[] | undefined} scope */
export const scopes = (scope) => [...new Set([scope ?? []].flat().join(" ").split(/ +/).filter(Boolean))];

/** As text: what JSON cannot say, no server can be asked for. @param {unknown} value @param {string} name */
const textOf = (value, name) => {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new StepUpError("configuration_invalid", { message: `${name} is no JSON`, cause });
  }
};

/** @param {unknown} details */
export const detailsText = (details = []) => textOf(details, "authorizationDetails");

/** @param {unknown} claims */
const claimsText = (claims = {}) => textOf(claims, "claims");

/** The shorthand `acr` folded in, scopes as a list, details and claims as text. @param {Requirement} asked */
export const requirement = ({ acr, acrValues = [acr ?? []].flat(), ...more }) => ({
  acrValues,
  maxAge: more.maxAge,
  scope: scopes(more.scope),
  phishingResistant: !!more.phishingResistant,
  authorizationDetails: detailsText(more.authorizationDetails),
  claims: claimsText(more.claims),
});

/** The order, each level in full. @param {StepUpOptions["levels"]} levels */
const inFull = (levels = []) => {
  try {
    return levels.map((level) => {
      const given = typeof level === "string" ? { name: level } : level;
      const { name, acr = name, amr = [], maxAge, phishingResistant } = given;
      return {
        name,
        acr: [acr].flat(),
        // A plain list is one alternative: all of it proves the level.
        amr: amr.length && !Array.isArray(amr[0]) ? [amr] : amr,
        maxAge,
        phishingResistant: !!phishingResistant,
      };
    });
  } catch (cause) {
    throw new StepUpError("configuration_invalid", { message: "levels", cause });
  }
};

/** An address in full. @param {string} address */
const resolved = (address) => {
  try {
    return new URL(address, base());
  } catch {
    throw new StepUpError("configuration_invalid", { message: `"${address}" is no address` });
  }
};

/** The same as text, where there is one. @param {string | undefined} address */
const absolute = (address) => (address === undefined ? undefined : resolved(address).href);

/** Who makes options for passkeys, and takes their answers. @param {StepUpOptions} options */
const passkeyServer = ({ passkey, firstPartyApps, bff }) => {
  if (bff?.passkey) {
    const { options, verify, acrValues } = bff.passkey;
    return {
      server: { kind: "backend", options: absolute(options), verify: absolute(verify) },
      acrValues,
    };
  }
  if (passkey && !bff) {
    const { options, token, grantType, nonce = true, acrValues } = passkey;
    return {
      server: {
        kind: "endpoints",
        options: absolute(options),
        token: absolute(token),
        grantType,
        nonce,
      },
      acrValues,
    };
  }
  return firstPartyApps && !bff ? { server: { kind: "firstParty" } } : undefined;
};

/**
 * The backend's login page, and where it goes back to: as a path, where both are of one origin.
 * @param {StepUpOptions["bff"]} bff @param {URL | undefined} redirect
 */
const backend = (bff, redirect) => {
  if (!bff) return undefined;
  const login = absolute(bff.login);
  const near = redirect && login && new URL(login).origin === redirect.origin;
  const returnTo = (near ? redirect.pathname + redirect.search : redirect?.href) ?? "";
  return { login, returnTo };
};

/** The options as the core takes them. @param {StepUpOptions} options */
export const settings = (options) => {
  const { issuer, clientId, redirectUri, authenticate, bff } = options;
  const redirect = redirectUri ? resolved(redirectUri) : undefined;
  if (redirect && globalThis.location && redirect.origin !== location.origin)
    throw new StepUpError("configuration_invalid", { message: "redirectUri is not of this origin" });
  const methods = methodsOf(options);
  const own = authenticate && (methods[0] === "popup" ? "ownInWindow" : "own");
  return {
    apis: placesOf(options).map(({ api, origin, prefix }) => ({
      ...api,
      scopes: api.scopes === undefined ? undefined : scopes(api.scopes),
      pathPrefix: prefix,
      origin,
    })),
    provider:
      issuer && !bff
        ? { issuer, clientId: clientId ?? "", redirectUri: redirect?.href ?? "", claims: claimsText(options.claims) }
        : undefined,
    arrangement: bff ? "backend" : (own ?? "openIdConnect"),
    methods,
    levels: inFull(options.levels),
    passkey: passkeyServer(options),
    passkeys: passkeys(),
    backend: backend(bff, redirect),
    scope: scopes(options.scope ?? (bff ? "" : "openid")),
    idTokenAlgs: options.idTokenAlgs,
    acrRequest: options.acrRequest ?? "acr_values",
    adoptFirstSubject: options.firstSubject === "adopt",
    requireVerified: options.requireVerified ?? !authenticate,
    maxRounds: options.maxRounds ?? 2,
    renew: options.renew ?? false,
    remember: options.rememberRequirements ?? false,
    prepareTtl: options.prepareTtl ?? 120,
    pendingTtl: options.pendingTtl ?? 300,
    turnTimeout: options.turnTimeout ?? 30,
    promptTimeout: options.promptTimeout ?? 300,
    requestTimeout: options.requestTimeout ?? 15,
    dpop: !!options.dpop,
    par: !!options.par,
  };
};
