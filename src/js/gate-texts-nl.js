// @ts-check
/** What the gate says in Dutch. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "Bevestig uw identiteit",
  lostTitle: "Ga verder in het andere venster",
  failedTitle: "Nog niet bevestigd",
  elsewhereTitle: "Bevestig in het andere tabblad",
  provider: "Inlogdienst",
  openHint: "Uw inlogdienst wordt in een nieuw venster geopend.",
  lostHint: "Als u het hebt gesloten, kunt u het opnieuw openen.",
  waiting: "Wachten op uw bevestiging…",
  busy: "Een ogenblik…",
  elsewhere: "Een ander tabblad van deze site vraagt u om bevestiging. Dit gaat verder zodra u daar hebt bevestigd.",
  open: "Doorgaan",
  passkey: "Passkey gebruiken",
  popup: "Inloggen in een nieuw venster",
  redirect: "Naar de inlogpagina",
  continue: "Daar verdergaan",
  here: "Hier verdergaan",
  reopen: "Opnieuw openen",
  cancel: "Annuleren",
  retry: "Opnieuw proberen",
  another: "Andere manier",
  errors: {
    other: "Er is iets misgegaan.",
    passkey_refused: "Het is niet bevestigd.",
    passkey_busy: "Er staat nog een ander passkeyverzoek open.",
    timed_out: "Het duurde te lang.",
    provider_unreachable: "De inlogdienst is niet bereikbaar.",
    popup_blocked: "Uw browser heeft het venster niet geopend.",
    assurance_not_met: "Voor deze stap is een sterkere of recentere bevestiging nodig.",
    assurance_unavailable: "Met uw account is de bevestiging die deze stap vereist niet mogelijk.",
    subject_mismatch: "Dat was een ander account. Gebruik het account waarmee u bent ingelogd.",
  },
};
