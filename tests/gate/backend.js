/** A backend that asks for a passkey before a transfer, in the hands of a test. */

/** @param {import("node:http").IncomingMessage} request */
const bodyOf = async (request) => {
  let text = "";
  for await (const piece of request) text += piece;
  return JSON.parse(text || "null");
};

export class Backend {
  /** Whether the session is raised. */
  raised = false;
  /** What the passkey's answer is answered with, instead of success. @type {string | undefined} */
  refusal;
  /** What was begun before a reset ends without a trace. */
  round = 0;
  /** Answers wait for this. @type {Promise<unknown>} */
  gate = Promise.resolve();
  release = () => {};
  /** What was posted to be verified. @type {any[]} */
  verified = [];

  /** From now on, what is posted is answered only after `release()`. */
  hold() {
    this.gate = new Promise((resolve) => (this.release = () => resolve(undefined)));
  }

  reset() {
    this.release();
    Object.assign(this, new Backend(), { round: this.round + 1 });
  }

  /**
   * @param {URL} url @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   * @returns {Promise<boolean>} whether it was for the backend
   */
  async serves({ pathname, searchParams }, request, response) {
    const json = (/** @type {number} */ status, /** @type {object} */ body, headers = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    switch (pathname) {
      case "/bank/transfer":
        if (this.raised) json(200, {});
        else
          json(401, {}, {
            "www-authenticate": 'Bearer error="insufficient_user_authentication", acr_values="AL3"',
          });
        return true;
      case "/bff/options":
        json(200, { challenge: "AQIDBAUGBwgJCgsMDQ4PEA", rpId: "localhost", userVerification: "required" });
        return true;
      case "/bff/verify": {
        const { round } = this;
        this.verified.push(await bodyOf(request));
        await this.gate;
        if (round === this.round) this.raised = !this.refusal;
        json(this.refusal ? 403 : 200, this.refusal ? { error: this.refusal } : {});
        return true;
      }
      case "/bff/login":
        this.raised = true;
        response.writeHead(302, { location: searchParams.get("return_to") ?? "" }).end();
        return true;
      default:
        return false;
    }
  }
}
