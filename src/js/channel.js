// @ts-check
/** What the tabs of one app tell each other. Nothing secret is said here: any script of the origin hears it. */

/** @typedef {{ from: number, cleared?: true, sub?: string, handed?: true }} Message */

/**
 * What is the same in all tabs of one app at one provider, and differs between two apps of an origin.
 * @param {import("./index.d.ts").StepUpOptions} options
 */
export const nameOf = ({ issuer, clientId = "", bff }) =>
  `stepup ${issuer ?? bff?.login ?? bff?.passkey?.verify ?? ""} ${clientId}`;

/** When it was last said that all is over: a page that the browser keeps frozen hears nothing. @param {string} name */
export const clearedKey = (name) => `${name} cleared`;

/**
 * Tells the other tabs that what they hold is not to be used any more. Done before this returns, since
 * an app may leave the page at once.
 * @param {string} name @param {number} from @param {string} [sub] who is signed in from now on
 */
export const tellCleared = (name, from, sub) => {
  try {
    localStorage.setItem(clearedKey(name), `${Date.now()}`);
  } catch {
    // Then a page that is kept frozen does not learn of it.
  }
  try {
    const channel = new BroadcastChannel(name);
    channel.postMessage({ from, cleared: true, sub });
    channel.close();
  } catch {
    // A browser without it has each tab for itself.
  }
};
