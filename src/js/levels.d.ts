/**
 * Ready orders of levels for the option `levels`, the lowest first. Each is a list like your own: add to
 * it, leave out, or map over it.
 * @module
 */

import type { Level, Seconds } from "./index.js";

/**
 * NIST SP 800-63B: `AAL1`, `AAL2`, `AAL3`, of which the third cannot be phished. The standard has no
 * acr values; without `acr` they are those of the US federal government.
 */
export function nistAal(options?: {
  /** The provider's acr values for a level. */
  acr?(aal: 1 | 2 | 3): string | string[];
  /** How long each holds (SP 800-63B has limits for reauthentication, which differ by revision). */
  maxAge?: { AAL1?: Seconds; AAL2?: Seconds; AAL3?: Seconds };
}): Level[];

/** OpenID Connect EAP ACR Values 1.0: `phr` (phishing-resistant) and `phrh` (with a key in hardware). */
export function eap(): Level[];

/**
 * Keycloak's "ACR to LoA Mapping", as it is set for the realm or the client:
 * `keycloakLoa({ silver: 1, gold: 2 })`. A level is called by its first acr.
 */
export function keycloakLoa(
  map: Record<string, number>,
  options?: {
    /** How long a LoA holds, by its number: "Max Age" of the flow's condition. */
    maxAge?: Record<number, Seconds>;
    /** The lowest LoA that cannot be phished. */
    phishingResistant?: number;
  },
): Level[];

/**
 * Zscaler's `AL1` to `AL4`, each with its validity time and with what it maps to at the identity provider:
 * `zscaler({ AL3: { acr: "urn:example:mfa", maxAge: 3600 } })`.
 */
export function zscaler(levels?: {
  AL1?: Omit<Level, "name">;
  AL2?: Omit<Level, "name">;
  AL3?: Omit<Level, "name">;
  AL4?: Omit<Level, "name">;
}): Level[];

/** Auth0's one level above the sign-in, `mfa`: asked for by its policy, and told by `amr` only. */
export function auth0Mfa(): Level[];
