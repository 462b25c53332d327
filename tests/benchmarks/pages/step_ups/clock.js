// What a step-up does when: the page's own functions, watched before anything else has run. The same for
// every contender.
"use strict";

window.clock = {
  /** How long a user takes at least to answer a prompt for a passkey, in milliseconds. */
  human: 0,
  /** What has happened since `begin()`, in milliseconds of `performance.now()`. */
  seen: undefined,

  begin() {
    clock.seen = { origin: performance.timeOrigin, began: performance.now(), fetches: [] };
  },

  /** A passkey's dialog is watched from here on; what stands in for one is put into the page before. */
  watchPasskeys() {
    const { credentials } = navigator;
    const native = credentials.get.bind(credentials);
    credentials.get = async (options) => {
      const began = performance.now();
      clock.seen.prompted = began;
      const credential = await native(options);
      const left = began + clock.human - performance.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      clock.seen.asserted = performance.now();
      return credential;
    };
  },
};

{
  const { fetch, open } = window;
  window.fetch = async (input, init) => {
    const one = { url: String(input.url ?? input), began: performance.now() };
    clock.seen?.fetches.push(one);
    const response = await fetch(input, init);
    one.ended = performance.now();
    one.status = response.status;
    return response;
  };
  window.open = (...all) => {
    if (clock.seen) clock.seen.opened = performance.now();
    return open.apply(window, all);
  };
  // The user has just clicked, however long a slow network takes until the prompt: nobody asks for another click.
  Object.defineProperty(navigator, "userActivation", { value: { isActive: true, hasBeenActive: true } });
}
