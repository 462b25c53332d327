// The redirect URI is shared: an answer to the app's own library goes to it, any other to the SDK.

const state = new URLSearchParams(location.search).get("state");

/** What a journey wants in the place of it: `app` for the app itself, `nothing` for a page that hangs. */
const instead = sessionStorage.getItem("e2e:callback");
if (instead === "app") {
  await import("./harness.js");
} else if (instead === "nothing") {
  document.body.textContent = "hangs";
// Where oidc-client-ts keeps what it has asked for.
} else if (localStorage.getItem(`oidc.${state}`) === null) {
  await import("/stepup/callback.js");
} else {
  opener.postMessage({ own: location.href }, location.origin);
}
