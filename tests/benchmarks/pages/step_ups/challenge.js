// The challenge of RFC 9470, read by hand where no library does.

/** @typedef {{ acr_values: string, max_age: string, scope?: string }} Demand */

/** What is demanded; undefined where it is something else. @param {Response} response @returns {Demand | undefined} */
export function demandOf(response) {
  const header = (response.status === 401 && response.headers.get("WWW-Authenticate")) || "";
  if (!/error="insufficient_user_authentication"/.test(header)) return undefined;
  const parameters = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  return /** @type {Demand} */ (Object.fromEntries(parameters));
}
