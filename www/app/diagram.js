/**
 * The sequence diagram: an ordered list whose rows are drawn as arrows between lifelines.
 *
 * Style sheets place everything in fractions of the width, so it fits itself to any window; read
 * aloud it is a list of "API to App: demands AL3".
 * @module
 */
import { ACTORS, EVENTS, rowFor } from "./rows.js";

export class Diagram {
  #list;
  #backend;
  #onChange;
  /** @type {Map<string, number>} */
  #began = new Map();
  #last = "";

  /**
   * @param {HTMLElement} list
   * @param {boolean} backend whether the app's own backend stands where the API is else
   * @param {(empty: boolean) => void} onChange
   */
  constructor(list, backend, onChange) {
    this.#list = list;
    this.#backend = backend;
    this.#onChange = onChange;
  }

  /**
   * Draws the events of one SDK from now on.
   * @param {import("/stepup/index.js").StepUp} stepup
   */
  follow(stepup) {
    for (const type of EVENTS) {
      stepup.addEventListener(type, (event) => this.add(type, event.detail));
    }
  }

  clear() {
    this.#list.replaceChildren();
    this.#began.clear();
    this.#last = "";
    this.#onChange(true);
  }

  /**
   * Draws one event.
   * @template {keyof import("/stepup/index.js").StepUpEvents} K
   * @param {K} type
   * @param {import("/stepup/index.js").StepUpEvents[K]} event
   */
  add(type, event) {
    const { flow, at } = event;
    const began = this.#began.get(flow) ?? at;
    this.#began.set(flow, began);

    const row = rowFor(type, event, this.#backend);
    const item = element("li", "row");
    item.dataset.event = type;
    item.dataset.flow = flow;
    if (row.mood) item.dataset.mood = row.mood;
    item.classList.toggle("begins", flow !== this.#last);
    this.#last = flow;

    const [from, to] = [ACTORS.indexOf(row.from), ACTORS.indexOf(row.to)];
    item.dataset.way = from === to ? "self" : from < to ? "right" : "left";
    item.style.setProperty("--left", String(Math.min(from, to)));
    item.style.setProperty("--span", String(Math.abs(from - to)));

    const time = element("time", "time", elapsed(at - began));
    time.dateTime = new Date(at).toISOString();
    const message = element("p", "message");
    const [sender, receiver] = [row.from, row.to].map((actor) => this.#backend && actor === "API" ? "Backend" : actor);
    const who = element("span", "spoken", from === to ? `${sender}: ` : `${sender} to ${receiver}: `);
    message.append(who, element("span", "text", row.text));
    if (row.detail) message.append(" ", element("span", "detail", row.detail));
    const arrow = element("span", "arrow");
    arrow.setAttribute("aria-hidden", "true");
    item.append(time, message, arrow);

    this.#list.append(item);
    this.#onChange(false);
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} name
 * @param {string} className
 * @param {string} [text]
 */
function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** @param {number} ms */
function elapsed(ms) {
  return ms < 10_000 ? `+${(ms / 1000).toFixed(2)}\u00a0s` : `+${(ms / 1000).toFixed(1)}\u00a0s`;
}
