/** A temporary project that has installed the packed package. */

import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));

/** The built package. */
export const packageFolder = fileURLToPath(new URL("../../pkg", import.meta.url));

/** @param {string} file @param {string[]} args @param {string} cwd */
async function run(file, args, cwd) {
  try {
    return (await execute(file, args, { cwd, maxBuffer: 64 << 20 })).stdout;
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    throw new Error(`${file} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
}

/** @param {string[]} args @param {string} cwd */
function npm(args, cwd) {
  return run(process.platform === "win32" ? "npm.cmd" : "npm", args, cwd);
}

/**
 * What `npm pack` puts into the tarball, and where that is.
 * @param {string} destination
 */
export async function pack(destination) {
  const report = await npm(["pack", "--json", "--pack-destination", destination], packageFolder);
  /** @type {unknown} */
  const parsed = JSON.parse(report);
  // One entry: in a list up to npm 11, under the package's name after it.
  const [packed] = /** @type {{ filename: string, files: { path: string }[] }[]} */ (
    Object.values(/** @type {object} */ (parsed))
  );
  if (!packed) throw new Error(`npm pack reported nothing: ${report}`);
  return { tarball: join(destination, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** A project in a folder of its own. */
export class Project {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * A copy of a folder below `consumers`, or an empty one, with the package installed.
   * @param {string} [consumer]
   */
  static async create(consumer) {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "stepup-package-")));
    if (consumer) await cp(join(here, "consumers", consumer), folder, { recursive: true });
    const manifest = { name: "consumer", version: "0.0.0", private: true, type: "module" };
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    const { tarball } = await pack(folder);
    // The package has no dependencies: nothing is fetched.
    await npm(["install", "--offline", "--no-audit", "--no-fund", tarball], folder);
    return new Project(folder);
  }

  /**
   * Runs a command that the tests have installed, in the project.
   * @param {string} name
   * @param {...string} args
   */
  command(name, ...args) {
    const end = process.platform === "win32" ? ".cmd" : "";
    return run(join(here, "node_modules", ".bin", name + end), args, this.folder);
  }

  /**
   * Runs a module in Node, in the project.
   * @param {string} source
   */
  node(source) {
    return run(process.execPath, ["--input-type=module", "--eval", source], this.folder);
  }

  /** @param {string} path */
  read(path) {
    return readFile(join(this.folder, path), "utf8");
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}
