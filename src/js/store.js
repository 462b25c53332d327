// @ts-check
/**
 * Records that outlive the page: in IndexedDB, encrypted by a key that no script can export. In the
 * clear are a record's id, when it ends, and how many bytes it has.
 */

import { StepUpError } from "./error.js";

/**
 * @typedef {{ text: string, parts: ArrayBuffer[] }} Stored what is kept: JSON text, and bodies
 * @typedef {{ id: string, until: number, iv: Uint8Array<ArrayBuffer>, data?: ArrayBuffer }} Row without
 *   `data`: it was taken
 */

const KEY = "key";

/** Opens the database; undefined where there is none and none is wanted. @param {string} name @param {boolean} create */
const open = (name, create) =>
  /** @type {Promise<IDBDatabase | undefined>} */ (
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      let unwanted = false;
      request.onupgradeneeded = () => {
        unwanted = !create;
        if (unwanted) return request.transaction?.abort();
        request.result.createObjectStore("keys");
        request.result.createObjectStore("records", { keyPath: "id" }).createIndex("until", "until");
      };
      request.onsuccess = () => {
        // A later version of this package, in another tab, may want to change the database.
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = (event) => {
        event.preventDefault();
        if (unwanted) resolve(undefined);
        else reject(request.error);
      };
    })
  );

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * One transaction. Its result is given when all of it is on the disk; what fails in it undoes it.
 * @template T
 * @param {IDBDatabase} db @param {AbortSignal} signal
 * @param {(keys: IDBObjectStore, records: IDBObjectStore) => T | Promise<T>} work
 * @returns {Promise<T>}
 */
const transact = (db, signal, work) =>
  new Promise((resolve, reject) => {
    // What was taken must not come back after a crash, so it is flushed.
    const transaction = db.transaction(["keys", "records"], "readwrite", { durability: "strict" });
    const abort = () => transaction.abort();
    signal.addEventListener("abort", abort);
    /** @type {T} */
    let result;
    transaction.oncomplete = () => {
      signal.removeEventListener("abort", abort);
      resolve(result);
    };
    transaction.onabort = () => {
      signal.removeEventListener("abort", abort);
      reject(transaction.error ?? new Error("the transaction was undone"));
    };
    const fail = (/** @type {unknown} */ error) => {
      reject(error);
      try {
        abort();
      } catch {
        // It has ended by itself.
      }
    };
    try {
      Promise.resolve(work(transaction.objectStore("keys"), transaction.objectStore("records"))).then(
        (done) => (result = done),
        fail,
      );
    } catch (error) {
      fail(error);
    }
  });

/** Deletes what is expired. @param {IDBObjectStore} records */
const sweep = async (records) => {
  const late = await answer(records.index("until").getAllKeys(IDBKeyRange.upperBound(Date.now())));
  for (const id of late) records.delete(id);
};

/** A key, or a pair of them. @param {any} found */
const isKey = (found) => (found?.privateKey ?? found) instanceof CryptoKey;

const makeKey = () => crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

/**
 * The key of this name that is there, or a new one: of two tabs at once both get the same.
 * @template T
 * @param {IDBDatabase} db @param {AbortSignal} signal @param {string} name @param {() => Promise<T>} make
 * @returns {Promise<T>}
 */
const keyOf = async (db, signal, name, make) => {
  const known = await transact(db, signal, (keys) => answer(keys.get(name)));
  if (isKey(known)) return known;
  const made = await make();
  return transact(db, signal, async (keys) => {
    const first = await answer(keys.get(name));
    if (isKey(first)) return first;
    keys.put(made, name);
    return made;
  });
};

/** What a record is bound to: it opens under its own id and with its own end only. @param {string} id @param {number} until */
const bound = (id, until) => new TextEncoder().encode(JSON.stringify([id, until]));

/** One run of bytes: how many parts, the length of each, the parts; the text is the first. @param {Stored} value */
const pack = ({ text, parts }) => {
  const all = [new TextEncoder().encode(text), ...parts.map((part) => new Uint8Array(part))];
  const head = new Uint8Array(Uint32Array.of(all.length, ...all.map(({ length }) => length)).buffer);
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, head.length));
  let at = 0;
  for (const part of [head, ...all]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** @param {ArrayBuffer} bytes @returns {Stored} */
const unpack = (bytes) => {
  const [count] = new Uint32Array(bytes, 0, 1);
  let at = 4 * (count + 1);
  const [text, ...parts] = Array.from(new Uint32Array(bytes, 4, count), (length) =>
    bytes.slice(at, (at += length)),
  );
  return { text: new TextDecoder().decode(text), parts };
};

/** Looks for a record, and for the key that opens it. @param {string} id */
const find = (id) => async (/** @type {IDBObjectStore} */ keys, /** @type {IDBObjectStore} */ records) =>
  /** @type {[CryptoKey, Row | undefined]} */ (
    await Promise.all([answer(keys.get(KEY)), answer(records.get(id))])
  );

/** What is in a record. @param {[CryptoKey, Row | undefined]} found @returns {Promise<Stored | undefined>} */
const opened = async ([key, row]) => {
  if (!row?.data || row.until <= Date.now()) return undefined;
  const { id, iv, data, until } = row;
  try {
    const how = { name: "AES-GCM", iv, additionalData: bound(id, until) };
    return unpack(await crypto.subtle.decrypt(how, key, data));
  } catch {
    // Another key, or other bytes: whatever it was, it cannot be read.
    return undefined;
  }
};

/**
 * The records of a database. `limit` is how long the storage may take, in milliseconds: a browser
 * that answers nothing is as good as one that refuses.
 */
export const openStore = (database = "stepup", limit = 5000) => {
  /**
   * @template T
   * @param {boolean} create
   * @param {(db: IDBDatabase, signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T | undefined>}
   */
  const using = async (create, work) => {
    const end = new AbortController();
    /** @type {Promise<IDBDatabase | undefined> | undefined} */
    let opened;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    try {
      const working = (async () => {
        opened = open(database, create);
        const db = await opened;
        return db && !end.signal.aborted ? await work(db, end.signal) : undefined;
      })();
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`the storage did not answer within ${limit} ms`));
          end.abort();
        }, limit);
      });
      return await /** @type {Promise<T | undefined>} */ (Promise.race([working, late]));
    } catch (cause) {
      throw new StepUpError("storage_unavailable", { cause });
    } finally {
      clearTimeout(timer);
      // Not held open: an open database can keep a page out of the browser's cache.
      opened?.then((db) => db?.close(), () => {});
    }
  };

  return {
    /**
     * Saves. Rejects with `storage_unavailable`.
     * @param {string} id @param {Stored} value @param {number} until in milliseconds since the epoch
     */
    put: async (id, value, until) => {
      await using(true, async (db, signal) => {
        const key = await keyOf(db, signal, KEY, makeKey);
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const how = { name: "AES-GCM", iv, additionalData: bound(id, until) };
        const data = await crypto.subtle.encrypt(how, key, pack(value));
        await transact(db, signal, async (_, records) => {
          await sweep(records);
          records.put({ id, until, iv, data });
        });
      });
    },
    /**
     * Empties a record and gives what was in it, in one transaction: of two callers one gets it, and
     * the other learns that it is `"taken"`, as long as it would have been there. Undefined where there
     * is none, where it is expired, and where it cannot be read. Rejects with `storage_unavailable`
     * where it may still be there.
     * @param {string} id @returns {Promise<Stored | "taken" | undefined>}
     */
    take: (id) =>
      using(false, async (db, signal) => {
        const found = await transact(db, signal, async (keys, records) => {
          const both = await find(id)(keys, records);
          if (both[1]) records.put({ id, until: both[1].until });
          await sweep(records);
          return both;
        });
        const [, row] = found;
        return row && !row.data && row.until > Date.now() ? "taken" : opened(found);
      }),
    /**
     * Gives a record and leaves it there. Undefined as for `take()`.
     * @param {string} id @returns {Promise<Stored | undefined>}
     */
    read: (id) => using(false, async (db, signal) => opened(await transact(db, signal, find(id)))),
    /** Deletes a record. Never rejects. @param {string} id */
    remove: (id) => discard((records) => records.delete(id)),
    /** Deletes all records. Never rejects. */
    clear: () => discard((records) => records.clear()),
    /** Deletes what is expired. Never rejects. */
    sweep: () => discard(sweep),
    /**
     * A key that is kept beside the records, under a name of its own: the one that is there, or a new
     * one. Rejects with `storage_unavailable`.
     * @template T
     * @param {string} name @param {() => Promise<T>} make
     */
    key: (name, make) =>
      /** @type {Promise<T>} */ (using(true, (db, signal) => keyOf(db, signal, name, make))),
    /** Deletes a key. Never rejects. @param {string} name */
    removeKey: (name) => discard((_, keys) => keys.delete(name)),
  };

  /** @param {(records: IDBObjectStore, keys: IDBObjectStore) => unknown} work @returns {Promise<void>} */
  async function discard(work) {
    try {
      await using(false, (db, signal) =>
        transact(db, signal, async (keys, records) => void (await work(records, keys))),
      );
    } catch {
      // What cannot be deleted now cannot be read now, and is swept when it is expired.
    }
  }
};
