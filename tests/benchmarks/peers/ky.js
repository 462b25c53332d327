/** ky with hooks: sends again; how a stronger token is got is left to the app. */

import ky from "ky";

/** @param {string} prefix @param {(demand: string) => Promise<string>} authenticate */
export const stepUp = (prefix, authenticate) => {
  /** @type {string | undefined} */
  let token;
  return ky.create({
    prefix,
    hooks: {
      beforeRequest: [
        ({ request }) => {
          if (token) request.headers.set("Authorization", `Bearer ${token}`);
        },
      ],
      afterResponse: [
        async ({ request, response, retryCount }) => {
          const demand = response.headers.get("WWW-Authenticate") ?? "";
          if (retryCount || !demand.includes("insufficient_user_authentication")) return response;
          token = await authenticate(demand);
          request.headers.set("Authorization", `Bearer ${token}`);
          return ky.retry({ request, code: "STEP_UP" });
        },
      ],
    },
  });
};
