// @ts-check
/** What the tabs of one app tell each other. Nothing secret is said here: any script of the origin hears it. */

/** @typedef {{ from?: number, cleared?: true, sub?: string, handed?: true }} Message */

/**
 * What is the same in all tabs of one app at one provider, and differs between two apps of an origin.
 * @param {import("./index.d.ts").StepUpOptions} options
 */
export const nameOf = ({ issuer, clientId = "", bff }) =>
  `stepup ${issuer ?? bff?.login ?? bff?.passkey?.verify ?? ""} ${clientId}`;

/**
 * Tells the other tabs that what they hold is not to be used any more. Done before this returns, since
 * an app may leave the page at once.
 * @param {string} name
 * @param {Message} [more] by whom it is said, and who is signed in from now on
 */
export const tellCleared = (name, more) => {
  try {
    // When it was said last, for a page that the browser keeps frozen and that hears nothing.
    localStorage.setItem(`${name} cleared`, `${Date.now()}`);
  } catch {
    // Then such a page does not learn of it.
  }
  try {
    const channel = new BroadcastChannel(name);
    channel.postMessage({ cleared: true, ...more });
    channel.close();
  } catch {
    // A browser without it has each tab for itself.
  }
};
