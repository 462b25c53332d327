/**
 * What a user would pick instead, as its documentation shows it, each with a token that it holds already.
 * oidc-client-ts, keycloak-js, msal-browser and okta-auth-js send no requests to APIs: with them it is
 * `fetch` or axios.
 */

import { Auth0Client, InMemoryCache } from "@auth0/auth0-spa-js";
import axios from "axios";
import ky from "ky";
import * as oauth from "oauth4webapi";
import SuperTokens from "supertokens-website";

import { answerBy } from "./network.js";
import { HIGH, idTokenClaims } from "./provider.js";

/** @typedef {import("./ours.js").Contender} Contender */

const token = `Bearer ${HIGH}`;

/** @param {string} url @returns {Contender[]} */
const axiosContenders = (url) => {
  const bare = axios.create({ adapter: "fetch" });
  const api = axios.create({ adapter: "fetch" });
  api.interceptors.request.use((config) => {
    config.headers.set("Authorization", token);
    return config;
  });
  return [
    { name: "axios", call: () => bare.get(url), carries: null },
    { name: "axios with a token", call: () => api.get(url), carries: token },
  ];
};

/** @param {string} url @returns {Contender[]} */
const kyContenders = (url) => {
  const api = ky.extend({
    hooks: { beforeRequest: [({ request }) => request.headers.set("Authorization", token)] },
  });
  return [
    { name: "ky", call: () => ky(url), carries: null },
    { name: "ky with a token", call: () => api(url), carries: token },
  ];
};

/** A client whose cache has what a sign-in leaves there. @param {boolean} useDpop */
const auth0 = async (useDpop) => {
  const [domain, clientId, audience, scope] = ["tenant.auth0.example", "bench", "default", "openid profile email"];
  const cache = new InMemoryCache().enclosedCache;
  // `default` is what it calls the audience where none is configured; `createFetcher` asks for that one.
  const client = new Auth0Client({ domain, clientId, cache, useDpop });
  const id_token = "a.b.c";
  const decodedToken = { claims: idTokenClaims(), user: { sub: "alice" } };
  const token_type = useDpop ? "DPoP" : "Bearer";
  const body = { access_token: HIGH, token_type, expires_in: 36_000, audience, scope, client_id: clientId, id_token, decodedToken };
  cache.set(`@@auth0spajs@@::${clientId}::${audience}::${scope}`, { body, expiresAt: Math.floor(Date.now() / 1000) + 36_000 });
  cache.set(`@@auth0spajs@@::${clientId}::@@user@@`, { id_token, decodedToken });
  return client.createFetcher(useDpop ? { dpopNonceId: "bench" } : {});
};

/** @param {string} url @returns {Promise<Contender[]>} */
const auth0Contenders = async (url) => {
  const bearer = await auth0(false);
  return [{ name: "auth0-spa-js with a token", call: () => bearer.fetchWithAuth(url), carries: token }];
};

/** @param {string} url @returns {Promise<Contender[]>} */
const auth0WithDpop = async (url) => {
  const bound = await auth0(true);
  return [{ name: "auth0-spa-js with DPoP", call: () => bound.fetchWithAuth(url), carries: `DPoP ${HIGH}`, proves: true }];
};

/** @param {string} url @returns {Promise<Contender[]>} */
const oauthContenders = async (url) => {
  // Plain http is an origin of this machine here.
  const options = { [oauth.allowInsecureRequests]: true };
  const address = new URL(url);
  const keys = await oauth.generateKeyPair("ES256");
  const DPoP = oauth.DPoP({}, keys);
  return [
    {
      name: "oauth4webapi with a token",
      call: () => oauth.protectedResourceRequest(HIGH, "GET", address, undefined, undefined, options),
      carries: token,
    },
    {
      name: "oauth4webapi with DPoP",
      call: () => oauth.protectedResourceRequest(HIGH, "GET", address, undefined, undefined, { ...options, DPoP }),
      carries: `DPoP ${HIGH}`,
      proves: true,
    },
  ];
};

/** What its `init` puts in the place of `fetch`; it can be called once in a page. */
const superTokens = (/** @type {string} */ apiDomain) => {
  const before = globalThis.fetch;
  SuperTokens.init({ apiDomain, tokenTransferMethod: "header", sessionTokenFrontendDomain: location.hostname });
  const wrapper = globalThis.fetch;
  globalThis.fetch = before;
  return wrapper;
};

/** @param {string} url @returns {Promise<Contender[]>} */
const superTokensContenders = async (url) => {
  const wrapper = superTokens(location.origin);
  // A sign-in, as its backend answers one: the SDK keeps what the headers say.
  const front = btoa(JSON.stringify({ uid: "alice", ate: Date.now() + 36_000_000, up: {} }));
  const headers = { "front-token": front, "st-access-token": HIGH, "st-refresh-token": "refresh" };
  answerBy(async () => new Response(null, { headers }));
  await wrapper(`${location.origin}/auth/signin`, { method: "POST" });
  return [
    { name: "supertokens-website, not its own", call: () => wrapper("https://elsewhere.example/"), carries: null, network: "stubbed" },
    { name: "supertokens-website with a token", call: () => wrapper(url), carries: token },
  ];
};

/** Each by itself: where one cannot be made, it is said why. */
export const peers = [axiosContenders, kyContenders, auth0Contenders, auth0WithDpop, oauthContenders, superTokensContenders];
