/** The types as an app's compiler sees them, read from the tarball. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import { Project } from "./project.js";

/** What every consumer has; the package's own declarations are checked, not skipped. */
const BASE = {
  strict: true,
  skipLibCheck: false,
  noEmit: true,
  target: "es2022",
  lib: ["es2022", "dom", "dom.iterable"],
  types: [],
};

suite("type-checked by TypeScript", () => {
  /** @type {Project} */
  let project;
  before(async () => {
    project = await Project.create("typescript");
  });
  after(() => project.remove());

  for (const [name, options] of Object.entries({
    "moduleResolution bundler": { module: "esnext", moduleResolution: "bundler" },
    "moduleResolution nodenext": { module: "nodenext", moduleResolution: "nodenext" },
    "every optional strictness": {
      module: "nodenext",
      moduleResolution: "nodenext",
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noUncheckedSideEffectImports: true,
      verbatimModuleSyntax: true,
      isolatedModules: true,
    },
  })) {
    test(`an app compiles with ${name}`, async () => {
      const config = { compilerOptions: { ...BASE, ...options }, files: ["consumer.ts"] };
      await writeFile(join(project.folder, "tsconfig.json"), JSON.stringify(config));
      await project.command("tsc", "--project", ".");
    });
  }
});
