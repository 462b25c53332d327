// @ts-check
/** When the user last clicked or typed in the page: a challenge may lead to one prompt for that. */

import { clicks } from "./call.js";

let watching = false;

/** Begins to look. What is done in the gate is an answer, not a wish. */
export const watchClicks = () => {
  if (watching || !globalThis.document) return;
  watching = true;
  const note = (/** @type {Event} */ { isTrusted, target }) => {
    const { localName } = /** @type {Element} */ (target);
    if (isTrusted && localName !== "stepup-gate") clicks.last = Date.now();
  };
  for (const type of ["click", "keydown"]) addEventListener(type, note, { capture: true, passive: true });
};
