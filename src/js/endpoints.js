// @ts-check
/** Requests to passkey endpoints: the documented form, or the one that the app's adapter gives. */

/**
 * @typedef {import("./index.d.ts").StepUpOptions} StepUpOptions
 * @typedef {import("./index.d.ts").PasskeyFields} PasskeyFields
 */

/** @param {string} form @returns {PasskeyFields} */
const fieldsOf = (form) => {
  const { credential, ...fields } = Object.fromEntries(new URLSearchParams(form));
  return credential === undefined ? fields : { ...fields, credential: JSON.parse(credential) };
};

/** A body and what it is. @param {import("./index.d.ts").PasskeyRequest["body"]} body */
const encoded = (body) => {
  if (body === undefined) return { headers: {}, body };
  if (typeof body === "string") return { headers: {}, body };
  if (body instanceof URLSearchParams)
    return { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: `${body}` };
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
};

/** @param {StepUpOptions} options */
export const endpoints = ({ passkey, bff }) => {
  const adapter = (bff ? bff.passkey : passkey)?.adapter ?? {};
  return {
    /**
     * @param {string} target @param {string} text the documented body: JSON for a backend, else a form
     * @param {boolean} backend
     */
    shapeRequest: async (target, text, backend) => {
      const isToken = target === "passkey_token";
      const shape = isToken ? adapter.tokenRequest : adapter.optionsRequest;
      const fields = backend ? JSON.parse(text) : fieldsOf(text);
      /** @type {import("./index.d.ts").PasskeyRequest} */
      const documented = { body: backend ? fields : new URLSearchParams(text) };
      const asked = (await shape?.(fields)) ?? documented;
      const { method = "POST" } = asked;
      const { headers, body } = encoded(asked.body);
      const csrf = backend && method !== "GET" ? bff?.csrf : undefined;
      const token = csrf && { [csrf.header]: await csrf.token() };
      return { method, headers: { ...headers, ...asked.headers, ...token }, body, credentials: backend };
    },
    /** @param {string} target @param {any} json @param {boolean} ok */
    readAnswer: async (target, json, ok) => {
      const read = target === "passkey_token" ? adapter.tokenResponse : adapter.optionsResponse;
      return read ? read(json, ok) : json;
    },
  };
};
