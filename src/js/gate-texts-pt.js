// @ts-check
/** What the gate says in Portuguese. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "Confirme a sua identidade",
  lostTitle: "Conclua na outra janela",
  failedTitle: "Ainda não confirmado",
  elsewhereTitle: "Confirme no outro separador",
  provider: "Serviço de início de sessão",
  openHint: "O seu serviço de início de sessão abre numa nova janela.",
  lostHint: "Se a fechou, pode abri-la de novo.",
  waiting: "A aguardar a sua confirmação…",
  busy: "Um momento…",
  elsewhere: "Outro separador deste site está a pedir-lhe confirmação. Este continua quando tiver confirmado lá.",
  open: "Continuar",
  passkey: "Usar uma chave de acesso",
  popup: "Iniciar sessão numa nova janela",
  redirect: "Ir para a página de início de sessão",
  continue: "Continuar lá",
  here: "Continuar aqui",
  reopen: "Abrir de novo",
  cancel: "Cancelar",
  retry: "Tentar de novo",
  another: "Outra forma",
  errors: {
    other: "Algo correu mal.",
    passkey_refused: "Não foi confirmado.",
    passkey_busy: "Outro pedido de chave de acesso ainda está aberto.",
    timed_out: "Demorou demasiado tempo.",
    provider_unreachable: "Não é possível contactar o serviço de início de sessão.",
    popup_blocked: "O seu navegador não abriu a janela.",
    assurance_not_met: "Este passo exige uma confirmação mais forte ou mais recente.",
    assurance_unavailable: "A sua conta não permite a confirmação exigida neste passo.",
    subject_mismatch: "Era outra conta. Use aquela com que iniciou sessão.",
  },
};
