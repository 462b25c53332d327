// @ts-check
/**
 * One renewal at a time in the whole browser, for one app at one provider: a server that rotates
 * refresh tokens may take two at once for theft (RFC 9700 §4.14.2). Without Web Locks each page is on
 * its own: no refresh token is shared between pages in any case.
 */

import { StepUpError } from "./error.js";

/**
 * Resolves with the function that gives the lock back, once this page has it. Rejects with `timed_out`
 * after `limit` milliseconds. A page that dies gives it back, and one whose wasm died does so when
 * twice that time has passed, which is more than a request and the metadata before it can take.
 * @param {string} name @param {number} limit
 * @returns {Promise<() => void>}
 */
export const renewalLock = (name, limit) =>
  new Promise((resolve, reject) => {
    const locks = globalThis.navigator?.locks;
    if (!locks) return resolve(() => {});
    const waiting = new AbortController();
    const late = setTimeout(() => waiting.abort(), limit);
    const held = () => {
      clearTimeout(late);
      return new Promise((release) => {
        const dead = setTimeout(release, 2 * limit);
        resolve(() => {
          clearTimeout(dead);
          release(undefined);
        });
      });
    };
    locks.request(`stepup:renewal ${name}`, { signal: waiting.signal }, held).catch(() => {
      clearTimeout(late);
      // Where storage is blocked, locks are refused.
      if (waiting.signal.aborted) reject(new StepUpError("timed_out"));
      else resolve(() => {});
    });
  });
