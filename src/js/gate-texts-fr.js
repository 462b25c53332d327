// @ts-check
/** What the gate says in French. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "Confirmez votre identité",
  lostTitle: "Terminez dans l’autre fenêtre",
  failedTitle: "Pas encore confirmé",
  elsewhereTitle: "Confirmez dans l’autre onglet",
  provider: "Service de connexion",
  openHint: "Votre service de connexion s’ouvre dans une nouvelle fenêtre.",
  lostHint: "Si vous l’avez fermée, vous pouvez la rouvrir.",
  waiting: "En attente de votre confirmation…",
  busy: "Un instant…",
  elsewhere: "Un autre onglet de ce site attend votre confirmation. Celui-ci continuera dès que vous l’aurez donnée.",
  open: "Continuer",
  passkey: "Utiliser une clé d’accès",
  popup: "Se connecter dans une nouvelle fenêtre",
  redirect: "Aller à la page de connexion",
  continue: "Y retourner",
  here: "Continuer ici",
  reopen: "Rouvrir",
  cancel: "Annuler",
  retry: "Réessayer",
  another: "Autre méthode",
  errors: {
    other: "Un problème est survenu.",
    passkey_refused: "La confirmation n’a pas eu lieu.",
    passkey_busy: "Une autre demande de clé d’accès est encore ouverte.",
    timed_out: "Le délai est dépassé.",
    provider_unreachable: "Le service de connexion est injoignable.",
    popup_blocked: "Votre navigateur n’a pas ouvert la fenêtre.",
    assurance_not_met: "Cette étape exige une confirmation plus forte ou plus récente.",
    assurance_unavailable: "Votre compte ne permet pas la confirmation exigée pour cette étape.",
    subject_mismatch: "C’était un autre compte. Utilisez celui avec lequel vous êtes connecté.",
  },
};
