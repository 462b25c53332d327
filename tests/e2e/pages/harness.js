// The page on which the end-to-end tests configure and call the SDK.

const AsyncFunction = (async () => {}).constructor;

/** What is left of an error when it is carried to the tests as JSON. */
function describe(error) {
  if (!(error instanceof Error) && !(error instanceof DOMException)) {
    return { name: typeof error, message: String(error) };
  }
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: error.code,
    cause: error.cause === undefined ? undefined : String(error.cause),
    isStepUpError: e2e.sdk?.isStepUpError(error) ?? false,
    response: error.response && {
      status: error.response.status,
      bodyUsed: error.response.bodyUsed,
      challenge: error.response.headers.get("www-authenticate"),
    },
  };
}

const e2e = {
  ready: false,
  /** The module `/stepup/index.js`. */
  sdk: undefined,
  results: {},
  events: [],
  console: [],
  /** Set by the tests: the API's origin and the provider's issuer identifier. */
  api: "",
  issuer: "",
  describe,

  nextName() {
    e2e.count = (e2e.count ?? 0) + 1;
    return `run ${e2e.count}`;
  },

  /** Functions that the page itself brings, where none can be made from text. */
  bodies: {},

  /** Runs an async function body and keeps what becomes of it. */
  start(name, body) {
    e2e.watch(name, new AsyncFunction("e2e", body)(e2e));
  },

  /** Keeps what becomes of a promise. */
  watch(name, promise) {
    e2e.results[name] = { state: "running" };
    promise.then(
      (value) => { e2e.results[name] = { state: "returned", value: value ?? null }; },
      (error) => { e2e.results[name] = { state: "threw", error: describe(error) }; },
    );
  },

  /** Lets the next click on the button start a body, synchronously inside the click. */
  onClick(name, body) {
    document.querySelector("#go").onclick = () => e2e.start(name, body);
  },

  /** An instance with this page's configuration, its events recorded. */
  make(options = {}) {
    const stepup = e2e.sdk.createStepUp({
      apis: [e2e.api],
      issuer: e2e.issuer,
      clientId: "bank-spa",
      redirectUri: "/e2e/callback.html",
      firstSubject: "adopt",
      ...options,
    });
    const types = ["challenge", "demand", "prompt", "request", "authenticated", "retry", "settled", "diagnostic"];
    for (const type of types) {
      stepup.addEventListener(type, (event) => e2e.events.push({ type, ...event.detail }));
    }
    return stepup;
  },

  /** Status, content type and body of a response, the body as JSON where it is some. */
  async read(response) {
    const text = await response.text();
    let body = text;
    try { body = JSON.parse(text); } catch { /* not JSON: the text is what there is */ }
    return { status: response.status, type: response.type, redirected: response.redirected, body };
  },
};
window.e2e = e2e;

for (const level of ["debug", "log", "info", "warn", "error"]) {
  const print = console[level].bind(console);
  console[level] = (...parts) => {
    e2e.console.push([level, parts.map(String).join(" ")]);
    print(...parts);
  };
}
addEventListener("error", (event) => e2e.console.push(["uncaught", String(event.message)]));
addEventListener("unhandledrejection", (event) => e2e.console.push(["unhandled", String(event.reason)]));

try {
  e2e.sdk = await import("/stepup/index.js");
} catch (error) {
  e2e.console.push(["import", String(error)]);
}
e2e.ready = true;
