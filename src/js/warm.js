// @ts-check
/** Connections to where the provider will be asked, made while the code that asks is on its way. */

/**
 * The page's own origin is connected to, and so is a backend's. Nothing is sent. Gives what takes the hints
 * out of the page again.
 * @param {import("./index.d.ts").StepUpOptions} options
 */
export const warm = ({ issuer, passkey, bff }) => {
  const { document, location } = globalThis;
  /** @type {Set<string>} */
  const origins = new Set();
  for (const url of bff ? [] : [issuer, passkey?.options]) {
    try {
      if (url) origins.add(new URL(url, document?.baseURI).origin);
    } catch {
      // The core says what is wrong with it.
    }
  }
  origins.delete(location?.origin);
  const links = [...(document?.head ? origins : [])].map((href) =>
    // As the requests will be: another origin is sent no cookies, on a connection of its own.
    Object.assign(document.createElement("link"), { rel: "preconnect", crossOrigin: "anonymous", href }),
  );
  document?.head?.append(...links);
  return () => links.forEach((link) => link.remove());
};
