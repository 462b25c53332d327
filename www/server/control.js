/**
 * The control host, for tests only: the request log, the ledger, the options, the end of tokens and connections.
 * @module
 */
import { HttpError, readJson, sendError, sendJson, target } from "./http.js";
import { mergeOptions } from "./options.js";

/**
 * @param {object} parts
 * @param {import("./options.js").Options} parts.options
 * @param {import("./requestlog.js").RequestLog} parts.log
 * @param {import("./ledger.js").Ledger} parts.ledger
 * @param {import("./passkeys.js").Passkeys} parts.passkeys
 * @param {import("./revocations.js").Revocations} parts.revocations
 * @param {import("./connections.js").Connections} parts.connections
 */
export function createControl({ options, log, ledger, passkeys, revocations, connections }) {
  /**
   * @param {import("./http.js").Request} req
   * @param {import("./http.js").Response} res
   */
  return async function serve(req, res) {
    try {
      switch (`${req.method} ${target(req).path}`) {
        case "GET /log": return sendJson(res, 200, log.entries);
        case "DELETE /log":
          log.clear();
          res.writeHead(204).end();
          return;
        case "GET /ledger": return sendJson(res, 200, ledger.transfers());
        case "POST /revoke":
          revocations.revokeAll();
          res.writeHead(204).end();
          return;
        case "POST /disconnect":
          connections.endOthers(req.socket);
          res.writeHead(204).end();
          return;
        case "GET /options": return sendJson(res, 200, options);
        case "POST /options": {
          const patch = await readJson(req);
          try {
            mergeOptions(options, patch, { started: true });
          } catch (error) {
            throw error instanceof TypeError ? new HttpError(400, error.message) : error;
          }
          passkeys.seed(options.passkeys);
          return sendJson(res, 200, options);
        }
        default: throw new HttpError(404, "there is nothing here");
      }
    } catch (error) {
      sendError(res, error);
    }
  };
}
