// @ts-check
/** Ready orders of levels for the option `levels`. */

/** @type {typeof import("./levels.d.ts").nistAal} */
export const nistAal = ({
  acr = (/** @type {number} */ aal) => `http://idmanagement.gov/ns/assurance/aal/${aal}`,
  maxAge = {},
} = {}) =>
  /** @type {const} */ ([1, 2, 3]).map((aal) => ({
    name: `AAL${aal}`,
    acr: acr(aal),
    maxAge: maxAge[`AAL${aal}`],
    phishingResistant: aal === 3,
  }));

/** @type {typeof import("./levels.d.ts").eap} */
export const eap = () => ["phr", "phrh"].map((name) => ({ name, phishingResistant: true }));

/** @type {typeof import("./levels.d.ts").keycloakLoa} */
export const keycloakLoa = (map, { maxAge = {}, phishingResistant } = {}) => {
  const loas = [...new Set(Object.values(map))].sort((a, b) => a - b);
  return loas.map((loa) => {
    const acr = Object.keys(map).filter((value) => map[value] === loa);
    const name = /** @type {string} */ (acr[0]);
    return { name, acr, maxAge: maxAge[loa], phishingResistant: loa === phishingResistant };
  });
};

/** @type {typeof import("./levels.d.ts").zscaler} */
export const zscaler = (levels = {}) =>
  /** @type {const} */ (["AL1", "AL2", "AL3", "AL4"]).map((name) => ({ name, ...levels[name] }));

/** @type {typeof import("./levels.d.ts").auth0Mfa} */
export const auth0Mfa = () => [
  {
    name: "mfa",
    acr: "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    amr: ["mfa"],
  },
];
