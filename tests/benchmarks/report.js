// @ts-check
/**
 * `node report.js <folder of results> [--quick]`: makes `BENCHMARKS.md`, its plots, and the README's two
 * tables of what was measured. With `--quick` all of them go beside the results instead.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { goalSection } from "./report/goals.js";
import { measured } from "./report/measured.js";
import { readme } from "./report/readme.js";
import { requestSection } from "./report/requests.js";
import { scaleSection } from "./report/scale.js";
import { sizeSection } from "./report/sizes.js";
import { stepUpSection } from "./report/stepups.js";

const here = dirname(fileURLToPath(import.meta.url));
const [results, flag] = process.argv.slice(2);
const root = flag === "--quick" ? results : join(here, "../..");
const plots = join(root, "tests/benchmarks/plots");
mkdirSync(plots, { recursive: true });

/** What was measured last; nothing where it never was. @param {string} name */
const read = (name) => {
  const file = join(results, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
};

const [sizes, peers] = [read("sizes"), read("peers")];
const [requests, stepUps, scale] = ["requests", "step_ups", "scale"].map((name) => read(name)?.engines);

const sections = [
  `# Benchmarks

Everything on this page is written by one command, from a fresh clone with Rust and Node:

\`\`\`sh
cargo xtask bench
\`\`\`

\`cargo xtask size\` prints the sizes alone, \`cargo xtask bench --quick\` tries all of it without changing this
page. Times depend on the machine: what counts are ratios to what runs beside it, and counts. ${measured({ requests, "step-ups": stepUps, scale })}
The figures as they were measured are in [tests/benchmarks/results](tests/benchmarks/results).`,
  goalSection({ sizes, requests, stepUps, scale }),
  sizes && peers && (await sizeSection(sizes, peers, plots)),
  requests && (await requestSection(requests, plots)),
  stepUps && (await stepUpSection(stepUps, plots)),
  scale && (await scaleSection(scale, plots)),
];
writeFileSync(join(root, "BENCHMARKS.md"), `${sections.filter(Boolean).join("\n\n").trim()}\n`);
if (root !== results && sizes && peers && stepUps) readme(join(root, "README.md"), { sizes, peers, stepUps });
