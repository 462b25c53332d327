// @ts-check
/** The name by which the tabs of one app find each other. */

/**
 * What is the same in all tabs of one app at one provider, and differs between two apps of an origin.
 * @param {import("./index.d.ts").StepUpOptions} options
 */
export const nameOf = ({ issuer, bff, clientId }) =>
  `stepup ${[issuer ?? bff?.login ?? bff?.passkey?.verify, clientId]}`;
