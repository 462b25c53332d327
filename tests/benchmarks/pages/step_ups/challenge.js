// The challenge of RFC 9470, read by hand where no library does.

/** What is demanded; undefined where it is something else. @param {Response} response */
export function demandOf(response) {
  const header = response.status === 401 ? response.headers.get("WWW-Authenticate") : null;
  if (!/error="insufficient_user_authentication"/.test(header ?? "")) return undefined;
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}
