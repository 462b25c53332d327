// @ts-check
/** What the gate says in Arabic. */

/** @type {import("./index.d.ts").GateTexts} */
export default {
  title: "يُرجى تأكيد هويتك",
  lostTitle: "أكمل في النافذة الأخرى",
  failedTitle: "لم يتم التأكيد بعد",
  provider: "خدمة تسجيل الدخول",
  openHint: "ستُفتح خدمة تسجيل الدخول في نافذة جديدة.",
  lostHint: "إذا أغلقتها، يمكنك فتحها مرة أخرى.",
  waiting: "في انتظار تأكيدك…",
  busy: "لحظة من فضلك…",
  open: "متابعة",
  passkey: "استخدام مفتاح مرور",
  popup: "تسجيل الدخول في نافذة جديدة",
  redirect: "الانتقال إلى صفحة تسجيل الدخول",
  continue: "المتابعة هناك",
  reopen: "فتحها مرة أخرى",
  cancel: "إلغاء",
  retry: "إعادة المحاولة",
  another: "طريقة أخرى",
  errors: {
    other: "حدث خطأ ما.",
    passkey_refused: "لم يتم التأكيد.",
    passkey_busy: "لا يزال هناك طلب آخر لمفتاح المرور قيد الانتظار.",
    timed_out: "استغرق الأمر وقتًا طويلًا.",
    provider_unreachable: "يتعذّر الوصول إلى خدمة تسجيل الدخول.",
    popup_blocked: "لم يفتح متصفحك النافذة.",
    assurance_not_met: "تتطلب هذه الخطوة تأكيدًا أقوى أو أحدث.",
    assurance_unavailable: "لا يتيح حسابك نوع التأكيد المطلوب لهذه الخطوة.",
    subject_mismatch: "كان ذلك حسابًا آخر. يُرجى استخدام الحساب الذي سجّلت الدخول به.",
  },
};
