// @ts-check
/** What the gate says, in English, and where the other languages are. */

/** @typedef {import("./index.d.ts").GateTexts} GateTexts */

/** @type {GateTexts} */
export const english = {
  title: "Confirm it’s you",
  lostTitle: "Finish in the other window",
  failedTitle: "Not confirmed yet",
  elsewhereTitle: "Confirm in the other tab",
  provider: "Sign-in provider",
  openHint: "Your sign-in provider opens in a new window.",
  lostHint: "If you closed it, you can open it again.",
  waiting: "Waiting for your confirmation…",
  busy: "One moment…",
  elsewhere: "Another tab of this site is asking you. This one goes on when you have confirmed there.",
  open: "Continue",
  passkey: "Use a passkey",
  popup: "Sign in in a new window",
  redirect: "Go to the sign-in page",
  continue: "Continue there",
  here: "Continue here",
  reopen: "Open again",
  cancel: "Cancel",
  retry: "Try again",
  another: "Another way",
  errors: {
    other: "Something went wrong.",
    passkey_refused: "It was not confirmed.",
    passkey_busy: "Another passkey request is still open.",
    timed_out: "It took too long.",
    provider_unreachable: "The sign-in provider cannot be reached.",
    popup_blocked: "Your browser did not open the window.",
    assurance_not_met: "This step needs a stronger or more recent confirmation.",
    assurance_unavailable: "Your account cannot confirm in the way this step needs.",
    subject_mismatch: "That was a different account. Please use the one you are signed in with.",
  },
};

/** @type {Record<string, () => Promise<{ default: GateTexts }>>} */
const LANGUAGES = {
  ar: () => import("./gate-texts-ar.js"),
  de: () => import("./gate-texts-de.js"),
  es: () => import("./gate-texts-es.js"),
  fr: () => import("./gate-texts-fr.js"),
  it: () => import("./gate-texts-it.js"),
  nl: () => import("./gate-texts-nl.js"),
  pt: () => import("./gate-texts-pt.js"),
};

/**
 * The texts in a language, or in English where there are none or they do not load.
 * @param {string} language
 * @returns {Promise<[GateTexts, string]>} with the language they are in
 */
export const textsIn = async (language) => {
  const load = Object.hasOwn(LANGUAGES, language) && LANGUAGES[language];
  const module = load ? await load().catch(() => undefined) : undefined;
  return module ? [module.default, language] : [english, "en"];
};
