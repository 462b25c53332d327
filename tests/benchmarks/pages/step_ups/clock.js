// What a step-up does when: the page's own functions, watched before anything else has run. The same for
// every contender.
"use strict";

/**
 * @typedef {{ url: string, began: number, ended?: number, status?: number }} Fetched
 * @typedef {{ origin: number, began: number, fetches: Fetched[], opened?: number, prompted?: number, asserted?: number }} Moments
 */

// Whoever drives the page finds it at the window, where no `const` is.
var clock = {
  /** How long a user takes at least to answer a prompt for a passkey, in milliseconds. */
  human: 0,
  /** Whether windows are opened by the click itself: WebKit opens none after anything was awaited. */
  reserves: false,
  /** One that was opened and is not used yet. @type {Window | null | undefined} */
  reserved: undefined,

  /** What has happened since `begin()`, in milliseconds of `performance.now()`. @type {Moments | undefined} */
  seen: undefined,

  /** The page's own. */
  open: window.open.bind(window),

  /** Inside the click, before anything else. */
  begin() {
    if (clock.reserves) clock.reserved = clock.open("", "_blank", "popup,width=480,height=720");
    clock.seen = { origin: performance.timeOrigin, began: performance.now(), fetches: [] };
  },

  /** A passkey's dialog is watched from here on; what stands in for one is put into the page before. */
  watchPasskeys() {
    const { credentials } = navigator;
    const native = credentials.get.bind(credentials);
    credentials.get = async (options) => {
      const began = performance.now();
      if (clock.seen) clock.seen.prompted = began;
      const credential = await native(options);
      const left = began + clock.human - performance.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      if (clock.seen) clock.seen.asserted = performance.now();
      return credential;
    };
  },
};

{
  const { fetch } = window;
  window.fetch = async (input, init) => {
    /** @type {Fetched} */
    const one = { url: input instanceof Request ? input.url : String(input), began: performance.now() };
    clock.seen?.fetches.push(one);
    const response = await fetch(input, init);
    one.ended = performance.now();
    one.status = response.status;
    return response;
  };
  window.open = (...all) => {
    if (clock.seen) clock.seen.opened = performance.now();
    const { reserved } = clock;
    clock.reserved = undefined;
    if (!reserved) return clock.open(...all);
    // Nobody here opens one with an address.
    if (all[0]) throw new Error(`an address at once: ${all[0]}`);
    return reserved;
  };
  // The user has just clicked, however long a slow network takes until the prompt: nobody asks for another click.
  Object.defineProperty(navigator, "userActivation", { value: { isActive: true, hasBeenActive: true } });
}
