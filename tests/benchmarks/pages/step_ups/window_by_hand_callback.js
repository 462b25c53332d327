// The page at the redirect URI: hands the answer to the page that waits for it.

import { UserManager } from "oidc-client-ts";
import { settings } from "./window_settings.js";

// The issuer is of no account here: the answer is looked at by the page that has asked.
new UserManager(settings(location.origin)).signinPopupCallback();
