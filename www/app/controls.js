/**
 * Elements of the page, and what happens when they are used.
 * @module
 */

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} selector
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function find(selector, kind) {
  const found = document.querySelector(selector);
  if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`the page lacks ${selector}`);
  return /** @type {T} */ (found);
}

/**
 * @param {string} selector
 * @param {() => unknown} action not started again while it is under way
 */
export function onClick(selector, action) {
  const button = find(selector, HTMLButtonElement);
  button.addEventListener("click", () => once(button, action));
}

/**
 * @param {string} selector
 * @param {(data: FormData) => unknown} action
 */
export function onSubmit(selector, action) {
  const form = find(selector, HTMLFormElement);
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button) once(button, () => action(new FormData(form)));
  });
}

/**
 * Keeps a button from starting a second run. Not `disabled`, which would take the focus away.
 * @param {HTMLButtonElement} button
 * @param {() => unknown} action
 */
async function once(button, action) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    await action();
  } finally {
    button.ariaBusy = "false";
  }
}
