/**
 * The app's session at its backend-for-frontend, where the page has one.
 * @module
 */
import { CSRF_HEADER, csrfToken } from "./arrangements.js";

/** Who is signed in there, if anybody is. Brings the first CSRF token as well. */
export async function whoIsThere() {
  const response = await fetch("/bff/session");
  return response.ok;
}

/** Ends the session, if there is one. */
export async function signOut() {
  await fetch("/bff/logout", { method: "POST", headers: { [CSRF_HEADER]: csrfToken() } });
}
