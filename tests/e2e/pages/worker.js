// A service worker between the page and the network. It counts what it sees by `kind`, and tells.

const [, answers] = /[?&]answers=(\w+)/.exec(location.search) ?? [];
const seen = [];

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", ({ ports: [port] }) => port.postMessage(seen));

/** As the API does: a challenge for whoever brings less than is demanded, here a token other than the first. */
const own = (authorization) => {
  const first = seen[0].authorization;
  if (authorization === first) {
    const challenge = 'Bearer error="insufficient_user_authentication", acr_values="AL3"';
    return new Response("{}", { status: 401, headers: { "WWW-Authenticate": challenge } });
  }
  return Response.json({ by: "the worker", tokens: seen.map((one) => one.authorization.split(",").length) });
};

addEventListener("fetch", (event) => {
  const { request } = event;
  const kind = new URL(request.url).searchParams.get("kind");
  if (!kind) return;
  const { method, headers, redirect } = request;
  const authorization = headers.get("authorization");
  seen.push({ kind, method, authorization, mine: headers.get("x-mine"), redirect });
  event.respondWith(kind === answers ? own(authorization) : fetch(request));
});
