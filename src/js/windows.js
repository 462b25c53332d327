// @ts-check
/** The window of a click, opened before it is known how the step-up goes. */

import { firstMethod } from "./methods.js";
import { seemsEnough } from "./peek.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./engine.js").Engine} Engine
 */

const [WIDTH, HEIGHT] = [480, 720];

/** A window that was opened before this was here has the size of the page's own. @param {Window} opened */
const resize = (opened) => {
  try {
    opened.resizeTo(WIDTH, HEIGHT);
  } catch {
    // The user sees as much in a larger one.
  }
};

/**
 * @param {import("./index.d.ts").StepUpOptions} options
 * @param {Window | null | undefined} given one that was opened before this was here, and that nobody has taken yet
 * @param {() => Engine | undefined} engine the engine, if it is here
 * @param {(began: number) => Promise<Engine>} engineFor the engine, once it is
 */
export const windowsOf = (options, given, engine, engineFor) => {
  /** The window of an `ensure()` that waits for the wasm: one click, one window. @type {Window | undefined} */
  let opening;

  /**
   * Goes on with the engine, and with a window if that is the way to what is asked: it must be opened
   * inside the click itself, before anything is awaited; and outside of one not before it is known that
   * the session is not enough.
   * @template T
   * @param {import("./index.d.ts").EnsureOptions[]} all
   * @param {Call | undefined} call
   * @param {number} began
   * @param {(ready: Engine, opened: Window | undefined) => Promise<T>} goOn
   */
  const withWindow = (all, call, began, goOn) => {
    const before = given;
    given = undefined;
    const ready = engine();
    let wanted;
    try {
      wanted =
        (before || (globalThis.navigator?.userActivation?.isActive ?? true)) &&
        (ready ? ready.wantsWindow(all, call) : !opening) &&
        all.some((asked) => firstMethod(options, asked) === "popup") &&
        !all[0]?.signal?.aborted &&
        !all.every((asked) => seemsEnough(options, asked));
    } catch {
      // What makes no sense needs no window; what is wrong with it is said by the engine.
    }
    const opened = wanted
      ? (before ?? globalThis.open?.("", "_blank", `popup,width=${WIDTH},height=${HEIGHT}`) ?? undefined)
      : undefined;
    if (!opened) before?.close();
    else if (before) resize(before);
    opening ||= opened;
    return engineFor(began).then(
      (started) => {
        opening = undefined;
        return goOn(started, opened);
      },
      (error) => {
        opening = undefined;
        opened?.close();
        throw error;
      },
    );
  };

  return {
    withWindow,
    /** Nobody will take what was given. */
    drop: () => {
      given?.close();
      given = undefined;
    },
  };
};
