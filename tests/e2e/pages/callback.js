// The redirect URI is shared: an answer to the app's own library goes to it, any other to the SDK.

const state = new URLSearchParams(location.search).get("state");

// Where oidc-client-ts keeps what it has asked for.
if (localStorage.getItem(`oidc.${state}`) === null) {
  await import("/stepup/callback.js");
} else {
  opener.postMessage({ own: location.href }, location.origin);
}
