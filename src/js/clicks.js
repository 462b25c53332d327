// @ts-check
/**
 * When the user last clicked or typed in the page: a challenge may lead to one prompt for that. And
 * whether the page may be left for it.
 */

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

/** Where somebody writes, or may do so in a document of its own. */
const WRITING =
  "textarea, select, iframe, [contenteditable]:not([contenteditable=false]), input:not([type=button], " +
  "[type=checkbox], [type=file], [type=image], [type=radio], [type=range], [type=reset], [type=submit])";

/**
 * Whether the user's last gesture still counts (HTML §6.4.1) and is no key of a text that would be lost
 * with the page. An engine that does not tell of gestures is old, and does not ask for one here.
 */
export const mayLeave = () => {
  const { document, navigator } = globalThis;
  let at = document?.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return navigator?.userActivation?.isActive !== false && !at?.matches(WRITING);
};
