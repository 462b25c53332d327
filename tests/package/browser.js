/** Headless Chromium over W3C WebDriver: as much of it as reading one page takes. */

import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

const driver = process.env["CHROMEDRIVER"] ?? "chromedriver";

/** Why the tests in a page cannot run here, or `false`. */
export const noBrowser =
  spawnSync(driver, ["--version"]).status === 0 ? false : "there is no chromedriver";

/** One browser window. */
export class Browser {
  /** @param {import("node:child_process").ChildProcess} process @param {string} session */
  constructor(process, session) {
    this.process = process;
    this.session = session;
  }

  /** @template {typeof Browser} B @this {B} @returns {Promise<InstanceType<B>>} */
  static async start() {
    const process = spawn(driver, ["--port=0"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const root = `http://127.0.0.1:${await portOf(process)}/session`;
      const { sessionId } = /** @type {{ sessionId: string }} */ (
        await command(root, { capabilities: { alwaysMatch: capabilities() } })
      );
      return /** @type {InstanceType<B>} */ (new this(process, `${root}/${sessionId}`));
    } catch (error) {
      process.kill();
      throw error;
    }
  }

  /**
   * Opens a page and gives back what it wrote into the element, once it has.
   * @param {string} url
   * @param {string} selector
   */
  async textOn(url, selector) {
    await command(`${this.session}/url`, { url });
    const script = `
      const [selector, done] = arguments;
      const element = document.querySelector(selector);
      const tell = () => element.textContent && done(element.textContent);
      new MutationObserver(tell).observe(element, { childList: true, characterData: true });
      tell();`;
    return command(`${this.session}/execute/async`, { script, args: [selector] });
  }

  async close() {
    try {
      await command(this.session, undefined, "DELETE");
    } finally {
      this.process.kill();
    }
  }
}

function capabilities() {
  const binary = process.env["CHROMIUM"];
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  return {
    "goog:chromeOptions": { args, ...(binary ? { binary } : {}) },
    timeouts: { script: 20_000, pageLoad: 30_000 },
  };
}

/**
 * @param {import("node:child_process").ChildProcess} process
 * @returns {Promise<string>}
 */
async function portOf(process) {
  if (!process.stdout) throw new Error("chromedriver has no output");
  const lines = createInterface({ input: process.stdout });
  for await (const line of lines) {
    const port = /started successfully on port (\d+)/.exec(line)?.[1];
    if (port) return port;
  }
  throw new Error("chromedriver ended before it was ready");
}

/**
 * @param {string} url
 * @param {object} [body]
 * @param {string} [method]
 */
export async function command(url, body, method = "POST") {
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const { value } = /** @type {{ value: any }} */ (await response.json());
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}
