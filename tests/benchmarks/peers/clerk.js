/** Clerk's `useReverification`, in a component as its documentation shows it. React itself is not counted. */

import { ClerkProvider, useReverification } from "@clerk/react";
import { isReverificationCancelledError } from "@clerk/react/errors";
import { createElement } from "react";

/** @param {{ url: string, children: string }} props */
const Transfer = ({ url, children }) => {
  const transfer = useReverification(() => fetch(url, { method: "POST" }));
  const onClick = async () => {
    try {
      await transfer();
    } catch (error) {
      if (!isReverificationCancelledError(/** @type {Error} */ (error))) throw error;
    }
  };
  return createElement("button", { onClick }, children);
};

/** @param {{ publishableKey: string, url: string }} props */
export const App = ({ publishableKey, url }) =>
  createElement(ClerkProvider, { publishableKey }, createElement(Transfer, { url, children: "Transfer" }));
