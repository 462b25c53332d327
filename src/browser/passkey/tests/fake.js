// A browser's passkeys in the test's hand: who asks, with what, and when there is an answer.

export class Fake {
  /** @type {{ kind: string, options: any, resolve: (value: unknown) => void, reject: (reason: unknown) => void }[]} */
  calls = [];
  /** @type {[object, string, PropertyDescriptor | undefined][]} */
  #before = [];

  constructor() {
    const call = (kind) => (options) =>
      new Promise((resolve, reject) => this.calls.push({ kind, options, resolve, reject }));
    this.put("navigator.credentials", { get: call("get"), create: call("create") });
    this.put("document.hasFocus", () => true);
  }

  /** Replaces a property of the page until the end of the test. @param {string} path @param {unknown} value */
  put(path, value) {
    const names = path.split(".");
    const name = /** @type {string} */ (names.pop());
    const object = names.reduce((/** @type {any} */ at, step) => at[step], globalThis);
    this.#before.push([object, name, Object.getOwnPropertyDescriptor(object, name)]);
    Object.defineProperty(object, name, { configurable: true, writable: true, value });
  }

  restore() {
    for (const [object, name, descriptor] of this.#before.reverse()) {
      if (descriptor) Object.defineProperty(object, name, descriptor);
      else Reflect.deleteProperty(object, name);
    }
  }
}

/** @param {string} name */
export const exception = (name) =>
  /^(Type|Range|Syntax)Error$/.test(name) ? new globalThis[name]("m") : new DOMException("m", name);

/** A function body as a value. @param {string} body */
export const js = (body) => new Function(body)();

/** Bytes written out, so that two values can be compared as text. @param {unknown} value */
export const text = (value) =>
  JSON.stringify(value, (_, part) => {
    if (part instanceof ArrayBuffer) return `bytes ${[...new Uint8Array(part)]}`;
    if (ArrayBuffer.isView(part)) return `view ${part}`;
    const plain = part && typeof part === "object" && !Array.isArray(part);
    return plain ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  });

/** What the browser's own functions fill in (Web IDL of WebAuthn Level 3 §5.4, §5.5), and ours leave to it. */
const isDefault = (/** @type {any} */ value) =>
  value == null || value === false || value === "preferred" || value === "none" ||
  (typeof value === "object" && !(value instanceof ArrayBuffer) && Object.keys(value).length === 0);

/**
 * Options without what is said by saying nothing, and without the one extension that only some
 * browsers have in JSON.
 * @param {any} options @param {any} native
 */
export const bare = (options, native) => {
  const strip = (/** @type {any} */ value) => {
    if (Array.isArray(value)) return value.map(strip);
    if (!value || typeof value !== "object" || value instanceof ArrayBuffer) return value;
    const members = Object.entries(value).map(([name, member]) => [name, strip(member)]);
    return Object.fromEntries(members.filter(([, member]) => !isDefault(member)));
  };
  const { credBlob, ...extensions } = options.extensions ?? {};
  if (native.extensions && "credBlob" in native.extensions) Object.assign(extensions, { credBlob });
  return text(strip({ ...options, extensions }));
};
