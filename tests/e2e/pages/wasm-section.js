// Breaks a wasm module on purpose: one exported function's body becomes `unreachable`.

/** @param {number} value unsigned LEB128 (WebAssembly Core §5.2.2) */
function leb(value) {
  const bytes = [];
  do {
    const more = value > 0x7f;
    bytes.push((value & 0x7f) | (more ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

/** Reads a module from `at` on. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  name() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  /** Skips limits of a table or memory (§5.3.7). */
  limits() {
    const more = this.bytes[this.at++] & 1;
    this.number();
    if (more) this.number();
  }
}

/** The sections of a module: `{ id, from, start, end }`. */
function sections(bytes) {
  const found = [];
  const reader = new Reader(bytes, 8);
  while (reader.at < bytes.length) {
    const from = reader.at;
    const id = bytes[reader.at++];
    const size = reader.number();
    found.push({ id, from, start: reader.at, end: reader.at + size });
    reader.at += size;
  }
  return found;
}

/** How many functions are imported (§5.5.5): they come first in the index space. */
function importedFunctions(bytes, section) {
  if (!section) return 0;
  const reader = new Reader(bytes, section.start);
  let functions = 0;
  for (let left = reader.number(); left > 0; left -= 1) {
    reader.name();
    reader.name();
    switch (bytes[reader.at++]) {
      case 0: functions += 1; reader.number(); break;
      case 1: reader.at += 1; reader.limits(); break;
      case 2: reader.limits(); break;
      case 3: reader.at += 2; break;
      default: throw new Error("an import of an unknown kind");
    }
  }
  return functions;
}

/** The index of an exported function (§5.5.10). */
function exportedFunction(bytes, section, wanted) {
  const reader = new Reader(bytes, section.start);
  for (let left = reader.number(); left > 0; left -= 1) {
    const name = reader.name();
    const kind = bytes[reader.at++];
    const index = reader.number();
    if (name === wanted && kind === 0) return index;
  }
  throw new Error(`no function is exported as ${wanted}`);
}

/**
 * The module with the body of the exported function replaced (§5.5.13).
 * @param {Uint8Array} bytes
 * @param {string} name
 */
export function replaceBody(bytes, name) {
  const all = sections(bytes);
  const of = (id) => all.find((section) => section.id === id);
  const code = of(10);
  const wanted = exportedFunction(bytes, of(7), name) - importedFunctions(bytes, of(2));
  const reader = new Reader(bytes, code.start);
  const count = reader.number();
  const bodies = [];
  for (let index = 0; index < count; index += 1) {
    const from = reader.at;
    const size = reader.number();
    reader.at += size;
    // No locals, `unreachable`, `end`.
    bodies.push(index === wanted ? new Uint8Array([3, 0x00, 0x00, 0x0b]) : bytes.subarray(from, reader.at));
  }
  const content = new Blob([new Uint8Array(leb(count)), ...bodies]);
  const parts = [bytes.subarray(0, code.from), new Uint8Array([10, ...leb(content.size)]), content, bytes.subarray(code.end)];
  return new Blob(parts).arrayBuffer();
}
