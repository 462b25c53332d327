/**
 * Runs the WebAuthn ceremony of a form and submits it with the result.
 *
 * The options are in the page, so nothing is awaited between the click and the browser's dialog:
 * some engines open it only inside the click.
 * @module
 */

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-ceremony]"))) {
  form.querySelector("button")?.addEventListener("click", () => run(form));
}

/** @param {HTMLFormElement} form */
async function run(form) {
  const button = form.querySelector("button");
  const status = form.querySelector(".status");
  const field = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("credential"));
  if (!button || !status || !field || button.disabled) return;
  button.disabled = true;
  status.textContent = "Waiting for your passkey…";
  try {
    const options = JSON.parse(form.dataset.options ?? "{}");
    const credential = form.dataset.ceremony === "register"
      ? await navigator.credentials.create({ publicKey: creationOptions(options) })
      : await navigator.credentials.get({ publicKey: requestOptions(options) });
    if (!credential) throw new DOMException("no credential", "NotAllowedError");
    field.value = JSON.stringify(toJson(/** @type {PublicKeyCredential} */ (credential)));
    status.textContent = "Checking…";
    form.submit();
  } catch (error) {
    status.textContent = explain(error);
    button.disabled = false;
    button.focus();
  }
}

/** @param {unknown} error */
function explain(error) {
  switch (error instanceof Error || error instanceof DOMException ? error.name : "") {
    // The engine does not tell cancelled, timed out and not found apart (WebAuthn Level 3 §5.1.4.1).
    case "NotAllowedError": return "The passkey was not used. Try again, or cancel.";
    case "InvalidStateError": return "This device has a passkey for you already.";
    case "TypeError": return "This browser has no passkeys.";
    default: return "The browser could not use a passkey here.";
  }
}

/**
 * The engine's readers of JSON, which not every engine with passkeys has.
 * @returns {Partial<typeof PublicKeyCredential>}
 */
function readers() {
  return globalThis.PublicKeyCredential ?? {};
}

/**
 * @param {any} json
 * @returns {PublicKeyCredentialRequestOptions}
 */
function requestOptions(json) {
  const reader = readers();
  if (reader.parseRequestOptionsFromJSON) return reader.parseRequestOptionsFromJSON(json);
  return { ...json, challenge: bytes(json.challenge), allowCredentials: (json.allowCredentials ?? []).map(withBytes) };
}

/**
 * @param {any} json
 * @returns {PublicKeyCredentialCreationOptions}
 */
function creationOptions(json) {
  const reader = readers();
  if (reader.parseCreationOptionsFromJSON) return reader.parseCreationOptionsFromJSON(json);
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: withBytes(json.user),
    excludeCredentials: (json.excludeCredentials ?? []).map(withBytes),
  };
}

/** @param {PublicKeyCredential} credential */
function toJson(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const response = /** @type {Record<string, any>} */ (credential.response);
  /** @type {Record<string, unknown>} */
  const json = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) json[name] = base64url(response[name]);
  }
  if (response.getTransports) json.transports = response.getTransports();
  const { id, type, authenticatorAttachment } = credential;
  return { id, rawId: id, type, authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults(), response: json };
}

/** @param {any} descriptor with a base64url id */
function withBytes(descriptor) {
  return { ...descriptor, id: bytes(descriptor.id) };
}

/** @param {string} text base64url */
function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
