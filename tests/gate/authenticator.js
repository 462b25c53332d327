/** A virtual authenticator of Chromium's developer tools, with one passkey in it. */

import { Buffer } from "node:buffer";
import { generateKeyPairSync, randomBytes } from "node:crypto";

export class Authenticator {
  /** @param {import("./page.js").Page} page @param {string} authenticatorId @param {string} credentialId */
  constructor(page, authenticatorId, credentialId) {
    this.page = page;
    this.authenticatorId = authenticatorId;
    this.credentialId = credentialId;
  }

  /** @param {import("./page.js").Page} page @param {string} rpId */
  static async plugIn(page, rpId) {
    await page.devtools("WebAuthn.enable", {});
    const { authenticatorId } = await page.devtools("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    const id = randomBytes(16);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    await page.devtools("WebAuthn.addCredential", {
      authenticatorId,
      credential: {
        credentialId: id.toString("base64"),
        isResidentCredential: true,
        rpId,
        privateKey: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
        userHandle: Buffer.from("alice").toString("base64"),
        signCount: 1,
      },
    });
    return new Authenticator(page, authenticatorId, id.toString("base64url"));
  }

  /** Whether somebody touches it when asked to. @param {boolean} enabled */
  isPresent(enabled) {
    const { authenticatorId } = this;
    return this.page.devtools("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
  }

  /** Whether that is its user. @param {boolean} isUserVerified */
  verifiesUser(isUserVerified) {
    const { authenticatorId } = this;
    return this.page.devtools("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  }

  /** It and all that it holds are gone. */
  unplug() {
    return this.page.devtools("WebAuthn.disable", {});
  }
}
