// @ts-check
/**
 * Runs on the redirect URI, before anything else there: hands the answer to the page that waits for
 * it and closes the window, or goes back to the page that left for it. The code leaves the address bar
 * first of all, so nothing is imported here.
 */

const { search } = location;
history.replaceState(null, "", location.pathname);

/** @param {string} key */
const stored = (key) => {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
};
// Loaded again on the way back, the answer has been put aside already.
const answer = search || stored("stepup:response") || "";
const query = new URLSearchParams(answer);
// A provider sends back the state itself, a backend the address that it was given.
const [state] = [...query.getAll("stepup_state"), ...query.getAll("state")];
const tell = (/** @type {string} */ text) => {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
};

/**
 * Where to go back to, if this very tab left for this answer: `return.js` has written it down. Only a
 * path of this origin, by what the browser makes of it as well.
 * @returns {string | undefined}
 */
const wayBack = () => {
  try {
    const awaited = JSON.parse((answer && stored("stepup:awaited")) || "{}");
    const { returnTo } = awaited;
    if (!state || awaited.state !== state) return undefined;
    if (typeof returnTo !== "string" || !/^\/(?![/\\])/.test(returnTo)) return undefined;
    const { origin, href } = new URL(returnTo, location.origin);
    return origin === location.origin ? href : undefined;
  } catch {
    return undefined;
  }
};

const back = wayBack();
if (back) {
  try {
    sessionStorage.setItem("stepup:response", answer);
  } catch {
    // Without room for it the user is back all the same, and can begin again.
  }
  location.replace(back);
} else if (search && state !== undefined) {
  // Only the page that began this sign-in listens on the channel of its state.
  const channel = new BroadcastChannel(`stepup:${state}`);
  channel.onmessage = ({ data }) => {
    if (data !== "done") return;
    tell("Done. You can close this window.");
    close();
  };
  channel.postMessage(search);
  // Where broadcasts do not arrive, the opener may still be reached.
  setTimeout(() => {
    try {
      opener?.postMessage({ stepup: state, search }, location.origin);
    } catch {
      // Cut off by an opener policy: the broadcast was all there is.
    }
  }, 300);
}
if (!back)
  setTimeout(() => tell("You can close this window and return to the page you came from."), 3000);
