// @ts-check
/**
 * The button in the page: where the browser wants a click before it opens a window, and where the
 * window may be gone. A native modal dialog in a shadow root, so that the page's styles and scripts
 * do not disturb it.
 */

const STYLE = `
:host { color-scheme: light dark; }
dialog {
  box-sizing: border-box; width: min(28rem, calc(100vw - 2rem)); padding: 1.5rem;
  border: 1px solid color-mix(in srgb, CanvasText 18%, Canvas); border-radius: 1rem;
  background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif;
  box-shadow: 0 1rem 3rem rgb(0 0 0 / .25);
}
dialog::backdrop { background: rgb(0 0 0 / .45); }
h2 { margin: 0 0 .5rem; font-size: 1.25rem; line-height: 1.3; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
.hint { color: color-mix(in srgb, CanvasText 70%, Canvas); font-size: .9375rem; }
div { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; }
button {
  font: inherit; min-height: 2.75rem; padding: .5rem 1rem; border-radius: .625rem; cursor: pointer;
  border: 1px solid color-mix(in srgb, CanvasText 30%, Canvas); background: Canvas; color: CanvasText;
}
button.first { background: #1a56db; border-color: #1a56db; color: #fff; }
button:focus-visible { outline: 3px solid #6694ff; outline-offset: 2px; }
`;

/** @type {Record<"open" | "lost", { title: string, hint: string, choices: [string, string][] }>} */
const TEXTS = {
  open: {
    title: "Please confirm it’s you",
    hint: "This opens a window at your sign-in provider:",
    choices: [
      ["open", "Continue"],
      ["cancel", "Cancel"],
    ],
  },
  lost: {
    title: "Finish in the other window",
    hint: "Did you close it? You can open it again. Provider:",
    choices: [
      ["continue", "Continue there"],
      ["open", "Open again"],
      ["cancel", "Cancel"],
    ],
  },
};

/** @param {string} name @param {string} text @param {string} [className] */
const element = (name, text, className = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
};

/**
 * @param {{ kind: "open" | "lost", reason?: string, origin: string }} about
 * @param {(choice: string) => void} choose called inside the click
 * @returns {() => void} takes the dialog away; the focus returns to where it was
 */
export const show = ({ kind, reason, origin }, choose) => {
  const { title, hint, choices } = TEXTS[kind];
  const host = document.createElement("stepup-prompt");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];

  const dialog = document.createElement("dialog");
  const heading = element("h2", title);
  heading.id = "title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(heading);
  if (reason) dialog.append(element("p", reason, "reason"));
  dialog.append(element("p", `${hint} ${origin}`, "hint"));
  const row = document.createElement("div");
  for (const [choice, label] of choices) {
    const first = choice === choices[0][0];
    const button = element("button", label, first ? "first" : "");
    button.dataset.choice = choice;
    if (first) button.autofocus = true;
    button.addEventListener("click", () => choose(choice));
    row.append(button);
  }
  dialog.append(row);
  // Escape says no, as everywhere.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    choose("cancel");
  });
  root.append(dialog);
  document.body.append(host);
  dialog.showModal();
  return () => {
    dialog.close();
    host.remove();
  };
};
