// @ts-check
/** What the gate says in German. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "Identität bestätigen",
  lostTitle: "Im anderen Fenster fortfahren",
  failedTitle: "Noch nicht bestätigt",
  elsewhereTitle: "Im anderen Tab bestätigen",
  provider: "Anmeldedienst",
  openHint: "Ihr Anmeldedienst öffnet sich in einem neuen Fenster.",
  lostHint: "Falls Sie es geschlossen haben, können Sie es erneut öffnen.",
  waiting: "Warten auf Ihre Bestätigung …",
  busy: "Einen Moment …",
  elsewhere: "Ein anderer Tab dieser Website fragt Sie gerade. Hier geht es weiter, sobald Sie dort bestätigt haben.",
  open: "Fortfahren",
  passkey: "Passkey verwenden",
  popup: "In neuem Fenster anmelden",
  redirect: "Zur Anmeldeseite",
  continue: "Dort fortfahren",
  here: "Hier fortfahren",
  reopen: "Erneut öffnen",
  cancel: "Abbrechen",
  retry: "Erneut versuchen",
  another: "Anderer Weg",
  errors: {
    other: "Etwas ist schiefgegangen.",
    passkey_refused: "Es wurde nicht bestätigt.",
    passkey_busy: "Eine andere Passkey-Abfrage ist noch offen.",
    timed_out: "Es hat zu lange gedauert.",
    provider_unreachable: "Der Anmeldedienst ist nicht erreichbar.",
    popup_blocked: "Ihr Browser hat das Fenster nicht geöffnet.",
    assurance_not_met: "Dieser Schritt erfordert eine stärkere oder neuere Bestätigung.",
    assurance_unavailable: "Mit Ihrem Konto ist die hier nötige Bestätigung nicht möglich.",
    subject_mismatch: "Das war ein anderes Konto. Bitte verwenden Sie das Konto, mit dem Sie angemeldet sind.",
  },
};
