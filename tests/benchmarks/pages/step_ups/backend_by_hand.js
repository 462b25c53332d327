// A passkey in the page for a backend-for-frontend, by SimpleWebAuthn.

import { startAuthentication } from "@simplewebauthn/browser";
import { demandOf } from "./challenge.js";

const csrf = () => /bank-csrf=([\w-]+)/.exec(document.cookie)?.[1] ?? "";

/** @param {string} url @param {unknown} body */
const post = (url, body) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify(body),
  });

/** @param {import("./challenge.js").Demand} demand */
async function stepUp({ acr_values, max_age, scope }) {
  const demand = { acr_values, max_age: Number(max_age), scope };
  const answer = await post("/bff/passkey/options", demand);
  if (!answer.ok) throw new Error(`no options: ${answer.status}`);
  const { publicKey, auth_session } = await answer.json();
  const credential = await startAuthentication({ optionsJSON: publicKey });
  const verdict = await post("/bff/passkey/verify", { ...demand, auth_session, credential });
  if (!verdict.ok) throw new Error(`refused: ${verdict.status}`);
}

/** @returns {Promise<import("./page.js").App>} */
export async function open() {
  return {
    async send(path, body) {
      const response = await post(`/bff/api${path}`, body);
      const demand = demandOf(response);
      if (!demand) return response;
      await stepUp(demand);
      return post(`/bff/api${path}`, body);
    },
  };
}
