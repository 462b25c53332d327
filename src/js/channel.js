// @ts-check
/** What the tabs of one app tell each other. Nothing secret is said here: any script of the origin hears it. */

/**
 * @typedef {{ from?: number, cleared?: number, sub?: string, handed?: true }} Message `cleared`: when all was over;
 *   with who is signed in from then on
 */

/** @param {string} name @param {Message} message */
export const post = (name, message) => {
  try {
    const channel = new BroadcastChannel(name);
    channel.postMessage(message);
    channel.close();
  } catch {
    // A browser without it has what is written down.
  }
};
