/** Every state of the gate that looks different. */

const reason = "Confirm the transfer of €500 to Rent";
const several = ["passkey", "popup", "redirect"];

/** @satisfies {Record<string, { model: object, offers: string[] }>} */
export const STATES = {
  open: { model: { state: "choose", reason }, offers: ["open", "cancel"] },
  choose: {
    model: { state: "choose", reason, methods: several },
    offers: ["passkey", "popup", "redirect", "cancel"],
  },
  plain: {
    model: { state: "choose", origin: "", methods: ["popup", "passkey"] },
    offers: ["popup", "passkey", "cancel"],
  },
  waiting: {
    model: { state: "waiting", reason, methods: several },
    offers: ["another", "cancel"],
  },
  lost: { model: { state: "lost", reason }, offers: ["continue", "open", "cancel"] },
  failed: {
    model: { state: "failed", reason, error: "subject_mismatch", methods: several },
    offers: ["retry", "another", "cancel"],
  },
  elsewhere: { model: { state: "elsewhere", reason }, offers: ["cancel"] },
  overdue: { model: { state: "overdue", reason }, offers: ["here", "cancel"] },
  busy: { model: { state: "busy", reason }, offers: ["cancel"] },
};

/** The languages the gate speaks. */
export const LANGUAGES = ["ar", "de", "en", "es", "fr", "it", "nl", "pt"];
