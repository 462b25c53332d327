// @ts-check
/** What the gate says in Italian. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "Conferma la tua identità",
  lostTitle: "Completa nell’altra finestra",
  failedTitle: "Non ancora confermato",
  elsewhereTitle: "Conferma nell’altra scheda",
  provider: "Servizio di accesso",
  openHint: "Il tuo servizio di accesso si apre in una nuova finestra.",
  lostHint: "Se l’hai chiusa, puoi riaprirla.",
  waiting: "In attesa della tua conferma…",
  busy: "Un momento…",
  elsewhere: "Un’altra scheda di questo sito ti sta chiedendo conferma. Questa prosegue appena hai confermato lì.",
  open: "Continua",
  passkey: "Usa una passkey",
  popup: "Accedi in una nuova finestra",
  redirect: "Vai alla pagina di accesso",
  continue: "Continua lì",
  here: "Continua qui",
  reopen: "Riapri",
  cancel: "Annulla",
  retry: "Riprova",
  another: "Altro modo",
  errors: {
    other: "Qualcosa è andato storto.",
    passkey_refused: "La conferma non è avvenuta.",
    passkey_busy: "Un’altra richiesta di passkey è ancora aperta.",
    timed_out: "È passato troppo tempo.",
    provider_unreachable: "Il servizio di accesso non è raggiungibile.",
    popup_blocked: "Il browser non ha aperto la finestra.",
    assurance_not_met: "Questo passaggio richiede una conferma più forte o più recente.",
    assurance_unavailable: "Il tuo account non permette la conferma richiesta da questo passaggio.",
    subject_mismatch: "Era un altro account. Usa quello con cui hai effettuato l’accesso.",
  },
};
