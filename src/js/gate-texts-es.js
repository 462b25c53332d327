// @ts-check
/** What the gate says in Spanish. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "Confirme su identidad",
  lostTitle: "Termine en la otra ventana",
  failedTitle: "Aún sin confirmar",
  elsewhereTitle: "Confirme en la otra pestaña",
  provider: "Servicio de inicio de sesión",
  openHint: "Su servicio de inicio de sesión se abre en una ventana nueva.",
  lostHint: "Si la ha cerrado, puede volver a abrirla.",
  waiting: "Esperando su confirmación…",
  busy: "Un momento…",
  elsewhere: "Otra pestaña de este sitio le está preguntando. Esta continuará cuando haya confirmado allí.",
  open: "Continuar",
  passkey: "Usar una llave de acceso",
  popup: "Iniciar sesión en una ventana nueva",
  redirect: "Ir a la página de inicio de sesión",
  continue: "Continuar allí",
  here: "Continuar aquí",
  reopen: "Volver a abrir",
  cancel: "Cancelar",
  retry: "Reintentar",
  another: "Otra forma",
  errors: {
    other: "Algo ha salido mal.",
    passkey_refused: "No se ha confirmado.",
    passkey_busy: "Hay otra solicitud de llave de acceso abierta.",
    timed_out: "Ha tardado demasiado.",
    provider_unreachable: "No se puede contactar con el servicio de inicio de sesión.",
    popup_blocked: "Su navegador no ha abierto la ventana.",
    assurance_not_met: "Este paso exige una confirmación más segura o más reciente.",
    assurance_unavailable: "Su cuenta no permite la confirmación que exige este paso.",
    subject_mismatch: "Era otra cuenta. Use la misma con la que ha iniciado sesión.",
  },
};
