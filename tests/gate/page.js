/** The page of the gate in headless Chromium, as a user and as a developer meet it. */

import { Browser, command } from "../package/browser.js";

/** WebDriver's keys (W3C WebDriver §15.4.2). */
export const KEYS = { tab: "\uE004", shift: "\uE008", enter: "\uE007", escape: "\uE00C", space: " " };

export class Page extends Browser {
  /** @param {string} url */
  async go(url) {
    await command(`${this.session}/url`, { url });
    await this.until("return 'ready' in document.documentElement.dataset");
  }

  /** @param {string} script @param {...unknown} args @returns {Promise<any>} */
  run(script, ...args) {
    return command(`${this.session}/execute/sync`, { script, args });
  }

  /** Asks again until it is true. @param {string} script @param {...unknown} args */
  async until(script, ...args) {
    for (let left = 500; left > 0; left -= 1) {
      if (await this.run(script, ...args)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never true: ${script}`);
  }

  /** A click as a user makes it. @param {string} choice @param {number} [times] */
  async press(choice, times = 1) {
    const element = await this.run(
      "return test.root().querySelector(`button[data-choice=${arguments[0]}]`)", choice);
    const origin = { type: "pointerMove", duration: 0, x: 0, y: 0, origin: element };
    const clicks = Array.from({ length: times }, () => [
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ]).flat();
    await this.actions({ type: "pointer", id: "mouse", actions: [origin, ...clicks] });
  }

  /** @param {string} selector */
  async clickOn(selector) {
    const element = await this.run("return document.querySelector(arguments[0])", selector);
    const [id] = Object.values(element);
    await command(`${this.session}/element/${id}/click`, {});
  }

  /** Presses keys one after the other. @param {...string} keys */
  async keys(...keys) {
    const actions = keys.flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    await this.actions({ type: "key", id: "keyboard", actions });
  }

  /** @param {object} source */
  actions(source) {
    return command(`${this.session}/actions`, { actions: [source] });
  }

  /** @param {string} cmd @param {object} params */
  devtools(cmd, params) {
    return command(`${this.session}/goog/cdp/execute`, { cmd, params });
  }

  /** @param {"light" | "dark"} scheme @param {Record<string, string>} [more] further media features */
  async media(scheme, more = {}) {
    const features = Object.entries({ "prefers-color-scheme": scheme, ...more });
    await this.devtools("Emulation.setEmulatedMedia", {
      features: features.map(([name, value]) => ({ name, value })),
    });
  }

  /** @param {number} width @param {number} height */
  size(width, height) {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: false };
    return this.devtools("Emulation.setDeviceMetricsOverride", metrics);
  }

  /** A PNG. @returns {Promise<Buffer>} */
  async picture() {
    const response = await fetch(`${this.session}/screenshot`);
    const { value } = /** @type {{ value: string }} */ (await response.json());
    return Buffer.from(value, "base64");
  }

  /** Goes into the first frame of the page. */
  async intoFrame() {
    await command(`${this.session}/frame`, { id: 0 });
    await this.until("return 'ready' in document.documentElement.dataset");
  }
}
