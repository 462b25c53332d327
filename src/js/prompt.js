// @ts-check
/** Which dialog asks the user: the package's gate, the app's own, or none. */

/**
 * @typedef {import("./index.d.ts").GateModel} GateModel
 * @typedef {import("./index.d.ts").GateChoice} GateChoice
 * @typedef {import("./index.d.ts").Gate} Gate
 * @typedef {{
 *   model: GateModel, option: import("./index.d.ts").StepUpOptions["gate"], choose: (choice: GateChoice) => void,
 *   refuse: (code: "popup_blocked" | "embedding_blocked" | "configuration_invalid", detail: string) => void,
 * }} Asked
 */

/** Runs what the app wrote: its mistakes are reported and stay there. @param {() => unknown} run */
const safely = (run) => {
  try {
    run();
  } catch (error) {
    reportError(error);
  }
};

export const prompter = () => {
  /** @type {Asked | undefined} */
  let asked;
  /** @type {Gate | undefined} */
  let gate;
  let opening = false;

  /** The question of now is answered, once it is asked no more nobody is. @param {GateChoice} choice */
  const answer = (choice) => asked?.choose(choice);

  const own = (/** @type {import("./index.d.ts").OwnGate} */ make, /** @type {Asked} */ question) => {
    safely(() => {
      gate = make(question.model, answer);
    });
    if (!gate) question.refuse("configuration_invalid", "the app's gate did not show");
  };

  const builtIn = async (/** @type {import("./index.d.ts").GateOptions} */ options) => {
    opening = true;
    try {
      const { open } = await import("./gate.js");
      const made = await open(options, () => asked?.model, answer);
      if (!made) asked?.refuse("embedding_blocked", "the page is framed by another origin");
      else if (asked) gate = made;
      // Nobody asks any more: it may have been shown a moment before.
      else made.close();
    } catch (error) {
      asked?.refuse("popup_blocked", `the gate did not load: ${error}`);
    }
    opening = false;
  };

  return {
    /** Asks, or changes the question. @param {Asked} question */
    show: (question) => {
      asked = question;
      const { option } = question;
      if (gate) safely(() => gate?.update(question.model));
      else if (option === false) question.refuse("popup_blocked", "it takes a click, and there is no gate");
      else if (typeof option === "function") own(option, question);
      else if (!opening) builtIn(option ?? {});
    },
    /** Nothing is asked any more. */
    hide: () => {
      const shown = gate;
      asked = gate = undefined;
      if (shown) safely(() => shown.close());
    },
  };
};
