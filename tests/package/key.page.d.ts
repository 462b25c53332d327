/** What `prepare` in `key.test.js` puts into a page. */

interface Prover {
  key(): Promise<string>;
  prove(jkt: string, method: string, url: string): Promise<string>;
}

/** Proofs of an app with this client, made by a core that says nothing. */
declare function proverOf(clientId: string): Prover;
declare function forget(options: { issuer: string; clientId: string }): Promise<void>;
/** Works on the keys in the database without the package. */
declare function stored<T>(work: (keys: IDBObjectStore) => T): Promise<Awaited<T>>;
