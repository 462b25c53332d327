/**
 * Starts the bank from the command line.
 *
 * `node server/main.js [--port N] [--control] [--options JSON] [--human]`. Prints one line of JSON
 * when it is ready, or what to click where a person reads along. Ends on SIGINT and SIGTERM.
 * @module
 */
import { parseArgs } from "node:util";
import { start } from "./server.js";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    control: { type: "boolean", default: false },
    options: { type: "string", default: "{}" },
    human: { type: "boolean", default: Boolean(process.stdout.isTTY) },
  },
});

try {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`${values.port} is not a port`);
  // Who tries the page may set it up in any of its ways, one of which needs this.
  const defaults = values.human ? { carry: true } : {};
  const { at, close } = await start({ port, control: values.control, defaults, options: parse(values.options) });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, () => void close().then(() => process.exit(0)));
  }
  console.log(values.human ? invitation(at) : JSON.stringify({ port: at.port, app: `${at.app}/`, api: at.api, issuer: at.issuer }));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError("--options is not valid JSON");
  }
}

/** @param {unknown} error */
function explain(error) {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `Port ${values.port} is in use. Choose another one with --port.`;
  return error instanceof TypeError ? error.message : error;
}

/** @param {import("./hosts.js").Addresses} at */
function invitation(at) {
  return `
Localhost Bank is open:  ${at.app}/

  1. Sign in as alice, password alice-password.
  2. Add a passkey, on the page itself. A window asks for a one-time code first.
  3. Send money. The API wants a passkey, used within the last minute: you confirm on the page.
  4. Add a payee. That takes a scope the first sign-in did not ask for.
  5. Choose another set-up at the bottom of the page, send again, and compare. Watch the diagram.

  bob (bob-password) has no second factor: his transfer is refused.

Ctrl+C ends it, and forgets everything.
`;
}
