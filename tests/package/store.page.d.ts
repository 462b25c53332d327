/** What `prepare` in `store.test.js` puts into a page. */

interface Row {
  id: string;
  until: number;
  iv: Uint8Array;
  data: ArrayBuffer;
}

interface Store {
  put(id: string, value: { text: string; parts: ArrayBuffer[] }, until: number): Promise<void>;
  /** Or `"taken"`, which has no text. */
  take(id: string): Promise<{ text: string; parts: ArrayBuffer[] } | undefined>;
  remove(id: string): Promise<void>;
  clear(): Promise<void>;
  sweep(): Promise<void>;
}

declare var openStore: (database?: string, limit?: number) => Store;
/** The store that a test has made. */
declare var store: Store;
/** A database that a test holds open. */
declare var held: IDBDatabase;
declare function answer<T>(request: IDBRequest<T>): Promise<T>;
declare function raw<T>(work: (keys: IDBObjectStore, records: IDBObjectStore) => T): Promise<Awaited<T>>;
declare function rows(): Promise<Row[]>;
declare function names(): Promise<string[]>;
declare function value(text?: string): { text: string; parts: ArrayBuffer[] };
declare function soon(): number;
