// @ts-check
/** Tables in Markdown, and figures as they are written in them. */

/** @param {string[]} head @param {(string | number)[][]} rows All columns but the first are figures. */
export const table = (head, rows) =>
  [head, head.map((_, at) => (at ? "---:" : "---")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** Bytes as thousands, to one decimal. @param {number} bytes */
export const kB = (bytes) => (bytes / 1000).toFixed(1);

/** Three figures at most count; a text stays as it is. @param {number | string | null | undefined} value */
export const figure = (value) => {
  if (typeof value === "string") return value;
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value !== 0 && Math.abs(value) < 0.01) return "< 0.01";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
};

/** What is counted stays whole. @param {number | null | undefined} value */
export const count = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));
