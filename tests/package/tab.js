/** Tabs of headless Chromium in which functions of a test run. */

import { Browser, command } from "./browser.js";

/** What a page rejected with. */
export class PageError extends Error {
  /** @param {{ code?: string, message: string, cause?: unknown }} told */
  constructor({ code, message, cause }) {
    super(message, { cause });
    this.code = code;
  }
}

export class Tabs extends Browser {
  /** @param {string} url */
  go(url) {
    return command(`${this.session}/url`, { url });
  }

  /**
   * Runs a function in the page; it sees its arguments and the page, nothing of the test.
   * @template {unknown[]} A
   * @template T
   * @param {((...args: A) => T) | string} script
   * @param {A} args
   * @returns {Promise<Awaited<T>>}
   */
  async run(script, ...args) {
    const wrapped = `
      const done = arguments[arguments.length - 1];
      const told = ({ code, message, cause }) => ({ code, message, cause: cause && String(cause) });
      (async () => (${script})(...arguments))().then(
        (value) => done({ value }),
        (error) => done({ error: told(error) }),
      );`;
    const { value, error } = await command(`${this.session}/execute/async`, { script: wrapped, args });
    if (error) throw new PageError(error);
    return value;
  }

  /**
   * Asks again until it is true, on whatever page is there then.
   * @template {unknown[]} A
   * @param {((...args: A) => unknown) | string} script
   * @param {A} args
   */
  async until(script, ...args) {
    for (let left = 500; left > 0; left -= 1) {
      // The page may be left at that moment.
      if (await this.run(script, ...args).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { href } = await this.run(() => ({ href: location.href }));
    throw new Error(`never true on ${href}: ${script}`);
  }

  reload() {
    return command(`${this.session}/refresh`, {});
  }

  back() {
    return command(`${this.session}/back`, {});
  }

  /** @returns {Promise<string>} */
  url() {
    return command(`${this.session}/url`, undefined, "GET");
  }

  /** Opens another tab and gives back its handle. @returns {Promise<string>} */
  async another() {
    return (await command(`${this.session}/window/new`, { type: "tab" })).handle;
  }

  /** @returns {Promise<string>} */
  current() {
    return command(`${this.session}/window`, undefined, "GET");
  }

  /** @param {string} handle */
  switchTo(handle) {
    return command(`${this.session}/window`, { handle });
  }

  /** Closes the tab and goes to another. @param {string} handle */
  async closeFor(handle) {
    await command(`${this.session}/window`, undefined, "DELETE");
    await this.switchTo(handle);
  }

  /** A command of the DevTools protocol. @param {string} cmd @param {object} params */
  devtools(cmd, params) {
    return command(`${this.session}/goog/cdp/execute`, { cmd, params });
  }

  /**
   * Runs a function before anything else on each page, until what is returned is called.
   * @param {() => void} script
   */
  async beforehand(script) {
    const { identifier } = await this.devtools("Page.addScriptToEvaluateOnNewDocument", {
      source: `(${script})()`,
    });
    return () => this.devtools("Page.removeScriptToEvaluateOnNewDocument", { identifier });
  }
}

/** The code that it fails with. @param {Promise<unknown>} promise @returns {Promise<string | undefined>} */
export const codeOf = (promise) =>
  promise.then(
    (value) => {
      throw new Error(`it did not fail: ${JSON.stringify(value)}`);
    },
    (error) => error.code ?? `no code: ${error.message}`,
  );
