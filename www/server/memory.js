/**
 * What the provider remembers, in this process only: a restart forgets everybody.
 * @module
 */

/** @typedef {import("oidc-provider").AdapterPayload} Payload */

/**
 * An adapter for `oidc-provider` over one map, which lives as long as its server.
 * @returns {import("oidc-provider").AdapterFactory}
 */
export function memoryAdapter() {
  /** @type {Map<string, { payload: Payload, until: number }>} */
  const entries = new Map();

  /** @param {string} key */
  const read = (key) => {
    const entry = entries.get(key);
    if (entry && entry.until > Date.now()) return entry.payload;
    entries.delete(key);
    return undefined;
  };

  /**
   * @param {string} model
   * @param {(payload: Payload) => boolean} fits
   */
  const search = (model, fits) => {
    for (const key of entries.keys()) {
      const payload = key.startsWith(`${model}:`) ? read(key) : undefined;
      if (payload && fits(payload)) return payload;
    }
    return undefined;
  };

  return (model) => ({
    async upsert(id, payload, expiresIn) {
      const until = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
      entries.set(`${model}:${id}`, { payload, until });
    },
    async find(id) {
      return read(`${model}:${id}`);
    },
    async findByUid(uid) {
      return search(model, (payload) => payload.uid === uid);
    },
    async findByUserCode(userCode) {
      return search(model, (payload) => payload.userCode === userCode);
    },
    async consume(id) {
      const payload = read(`${model}:${id}`);
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      entries.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) {
        if (payload.grantId === grantId && !key.startsWith("Interaction:")) entries.delete(key);
      }
    },
  });
}
