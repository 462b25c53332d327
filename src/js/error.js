// @ts-check
/** The error every failed step-up rejects with. */

/** @typedef {import("./index.d.ts").StepUpErrorCode} StepUpErrorCode */

/** @type {typeof import("./index.d.ts").StepUpError} */
export const StepUpError = class extends Error {
  /**
   * @param {StepUpErrorCode} code
   * @param {{ message?: string, cause?: unknown, response?: Response }} [options]
   */
  constructor(code, options = {}) {
    super(options.message ? `${code}: ${options.message}` : code, options);
    this.response = options.response;
    this.code = code;
    /** @type {"StepUpError"} */
    this.name = "StepUpError";
  }
};

/**
 * True for a `StepUpError`, also one of another copy of this package.
 * @param {unknown} value
 * @returns {value is import("./index.d.ts").StepUpError}
 */
export const isStepUpError = (value) =>
  value instanceof Error && value.name === "StepUpError";
