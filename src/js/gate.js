// @ts-check
/**
 * The gate: a native modal dialog in a shadow root, where the user chooses how to confirm, sees how
 * it goes, and may stop. The app's reason and all other texts are set as text, never as HTML.
 */

import { style } from "./gate-style.js";
import { textsIn } from "./gate-texts.js";

/**
 * @typedef {import("./index.d.ts").GateModel} GateModel
 * @typedef {import("./index.d.ts").GateChoice} GateChoice
 * @typedef {import("./index.d.ts").GateTexts} GateTexts
 * @typedef {keyof Omit<GateTexts, "errors">} Key
 */

const NAME = "stepup-gate";

/** Two clicks in this time, with no pointer to tell them apart, are one that was meant. */
const DOUBLE = 400;

/** Codes that say the same to the user. @type {Record<string, string>} */
const LIKE = {
  authorization_refused: "passkey_refused",
  cancelled: "passkey_refused",
  assurance_stale: "assurance_not_met",
  assurance_unverifiable: "assurance_not_met",
  scope_refused: "assurance_unavailable",
  session_changed: "subject_mismatch",
};

/** An entry of a table, if it has one. @param {Record<string, string> | undefined} table @param {string} [key] */
const of = (table, key) => (table && key && Object.hasOwn(table, key) ? table[key] : undefined);

/** The headings of the states that have their own. @type {Partial<Record<GateModel["state"], Key>>} */
const TITLES = {
  lost: "lostTitle",
  failed: "failedTitle",
  elsewhere: "elsewhereTitle",
  overdue: "elsewhereTitle",
};

/** What each choice says, where that is not its own name. @type {Partial<Record<GateChoice, Key>>} */
const LABELS = { open: "reopen" };

/** Whether a page of another origin is around this one, which could cover or move what is clicked. */
const isFramedByAnother = () => {
  try {
    /** @type {Window} */
    let frame = window;
    while (frame !== frame.parent) {
      frame = frame.parent;
      // Reading it from another origin throws (HTML §7.2.3.1).
      if (frame.location.origin !== origin) return true;
    }
    return false;
  } catch {
    return true;
  }
};

/**
 * Registered once, whichever copy of the package comes first. It only tells when it is taken out of
 * the page, so that the copies need not agree on more.
 */
const register = () => {
  if (customElements.get(NAME)) return;
  const Gate = class extends HTMLElement {
    disconnectedCallback() {
      this.dispatchEvent(new Event("removed"));
    }
  };
  customElements.define(NAME, Gate);
};

/** The element that has the focus, in whichever shadow root. */
const focused = () => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return /** @type {HTMLElement | null} */ (element);
};

/** @param {string} name @param {string} [part] */
const make = (name, part) => {
  const element = document.createElement(name);
  if (part) {
    element.className = part;
    element.setAttribute("part", part);
  }
  return element;
};

/** The choices of a model, the first one first. @param {GateModel} model @returns {GateChoice[]} */
const choicesOf = ({ state, methods }) => {
  /** @type {GateChoice[]} */
  const another = methods.length > 1 ? ["another"] : [];
  switch (state) {
    case "choose":
      // With a window as the only way there is nothing to choose: it wants a click to open.
      return methods.join() === "popup" ? ["open", "cancel"] : [...methods, "cancel"];
    case "lost":
      return ["continue", "open", "cancel"];
    case "failed":
      return ["retry", ...another, "cancel"];
    case "waiting":
      return [...another, "cancel"];
    case "overdue":
      return ["here", "cancel"];
    case "elsewhere":
    case "busy":
      return ["cancel"];
  }
};

/**
 * Shows the gate once its texts are here, if it is still wanted then.
 * @param {import("./index.d.ts").GateOptions} options
 * @param {() => GateModel | undefined} now what is asked, if anything still is
 * @param {(choice: GateChoice) => void} choose called inside the click
 * @returns {Promise<import("./index.d.ts").Gate | undefined>} none where it must not show
 */
export const open = async ({ texts: own = {}, frame }, now, choose) => {
  if (frame !== "allow" && isFramedByAnother()) return undefined;
  const wanted = document.documentElement.lang.toLowerCase().split("-")[0];
  const [texts, language] = await textsIn(wanted);
  const before = focused();
  register();

  const host = document.createElement(NAME);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];

  const dialog = /** @type {HTMLDialogElement} */ (make("dialog"));
  const title = make("h2", "title");
  title.id = "title";
  title.tabIndex = -1;
  const reason = make("p", "reason");
  reason.dir = "auto";
  const from = make("p", "origin");
  const label = make("span", "label");
  const address = make("bdi");
  address.dir = "ltr";
  from.append(label, " ", address);
  const message = make("p", "message");
  message.setAttribute("role", "status");
  const buttons = make("div", "choices");
  const about = make("div");
  about.id = "about";
  about.append(reason, from, message);
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", about.id);
  dialog.append(title, about, buttons);
  const inside = make("div", "own");
  inside.append(dialog);
  root.append(inside);
  // The language decides where the document does not say.
  const rtl = /^(ar|fa|he|ur)$/.test(wanted) || getComputedStyle(document.documentElement).direction === "rtl";
  dialog.dir = rtl ? "rtl" : "ltr";

  let chosen = -Infinity;
  /** @type {GateModel | undefined} */
  let answered;
  /** @type {GateModel | undefined} */
  let model;
  let closed = false;

  /**
   * Puts a text into an element: the app's, else ours, marked where that is not the page's language.
   * @param {HTMLElement} element @param {string | undefined} theirs @param {string} ours
   */
  const write = (element, theirs, ours) => {
    element.textContent = theirs ?? ours;
    if (theirs === undefined && language !== wanted) element.lang = language;
    else element.removeAttribute("lang");
  };

  /** @param {HTMLElement} element @param {Key} key */
  const say = (element, key) => write(element, own[key], texts[key]);

  /** @param {GateChoice} choice */
  const pick = (choice) => {
    // One choice for one question. Two are taken later too: going to the window, and to stop.
    if (closed || (answered === model && choice !== "cancel")) return;
    chosen = performance.now();
    if (choice !== "continue") answered = model;
    if (choice === "cancel") closed = true;
    choose(choice);
  };

  /** @param {GateChoice} choice @param {boolean} first */
  const button = (choice, first) => {
    const made = make("button", `button${first ? " primary" : ""}`);
    const single = model?.state === "choose" && choice === "open";
    say(made, single ? "open" : (LABELS[choice] ?? /** @type {Key} */ (choice)));
    made.dataset.choice = choice;
    made.addEventListener("click", ({ detail }) => {
      // The second click of a double click, and what a key does twice as fast.
      if (detail > 1 || (!detail && performance.now() - chosen < DOUBLE)) return;
      pick(choice);
    });
    return made;
  };

  /** What the state is, in a sentence. @param {GateModel} model */
  const tell = ({ state, error, methods }) => {
    const text = make("span");
    const mark = make("span", state === "failed" ? "mark alert" : "mark spinner");
    mark.setAttribute("aria-hidden", "true");
    if (state === "failed") {
      const like = of(LIKE, error) ?? error;
      const ours = of(texts.errors, like);
      const given = of(own.errors, error) ?? of(own.errors, like);
      write(text, given ?? (ours ? undefined : own.errors?.other), ours ?? texts.errors.other);
      return [mark, text];
    }
    if (state === "waiting" || state === "busy") {
      say(text, state);
      return [mark, text];
    }
    if (state === "elsewhere" || state === "overdue") {
      say(text, "elsewhere");
      return state === "elsewhere" ? [mark, text] : [text];
    }
    if (state === "choose" && methods.join() !== "popup") return [];
    say(text, state === "lost" ? "lostHint" : "openHint");
    return [text];
  };

  /** @param {GateModel} next */
  const update = (next) => {
    model = next;
    const { state } = next;
    const isProgress = state === "waiting" || state === "busy" || state === "elsewhere";
    dialog.className = state;
    dialog.setAttribute("part", `dialog ${state}`);
    say(title, TITLES[state] ?? "title");
    reason.textContent = next.reason ?? "";
    reason.hidden = !next.reason;
    say(label, "provider");
    address.textContent = next.origin;
    from.hidden = !next.origin;
    message.replaceChildren(...tell(next));
    const choices = choicesOf(next);
    buttons.replaceChildren(
      ...choices.map((choice, index) => button(choice, index === 0 && !isProgress)),
    );
    buttons.classList.toggle("many", choices.length > 2);
    if (!dialog.open) dialog.showModal();
    // While it runs there is nothing to press, so that no key press too many stops it.
    (isProgress ? title : /** @type {HTMLElement} */ (buttons.firstChild)).focus();
  };

  dialog.addEventListener("keydown", (event) => {
    // A key held down presses once.
    if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
  });
  // Escape says no, as everywhere.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    pick("cancel");
  });
  // The browser closes a dialog in spite of that when Escape is pressed again.
  dialog.addEventListener("close", () => pick("cancel"));
  // An app that replaces its whole page takes the question away: that is no answer but no.
  host.addEventListener("removed", () => {
    if (!host.isConnected) pick("cancel");
  });

  const first = now();
  if (first) {
    document.body.append(host);
    update(first);
  }
  return {
    update,
    close: () => {
      closed = true;
      if (dialog.open) dialog.close();
      host.remove();
      if (first && before?.isConnected && focused() !== before) before.focus();
    },
  };
};
