/** axios with an interceptor: sends again; how a stronger token is got is left to the app. */

import axios from "axios";

/** @param {string} baseURL @param {(demand: string) => Promise<string>} authenticate */
export const stepUp = (baseURL, authenticate) => {
  const api = axios.create({ baseURL });
  /** @type {string | undefined} */
  let token;
  api.interceptors.request.use((config) => {
    if (token) config.headers.set("Authorization", `Bearer ${token}`);
    return config;
  });
  api.interceptors.response.use(undefined, async (error) => {
    const demand = error.response?.headers["www-authenticate"] ?? "";
    if (!demand.includes("insufficient_user_authentication") || error.config.again) throw error;
    token = await authenticate(demand);
    return api({ ...error.config, again: true });
  });
  return api;
};
