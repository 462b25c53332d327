// @ts-check
/** Plots as SVG files, which look the same on a light and on a dark page. */

import { writeFileSync } from "node:fs";
import { compile } from "vega-lite";
import { View, parse } from "vega";

/** Ours stands out; what it is compared with does not compete with itself. */
export const OURS = "#1f6feb";
export const OTHERS = "#8b949e";
export const LATER = "#a5c8ff";

const CONFIG = {
  background: "white",
  padding: 12,
  font: "system-ui, sans-serif",
  view: { stroke: null },
  title: { anchor: "start", fontSize: 14, subtitleColor: "#57606a", subtitleFontSize: 11, offset: 12 },
  axis: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", gridColor: "#eaeef2" },
  legend: { labelFontSize: 11, labelLimit: 0, title: null, orient: "bottom" },
};

/**
 * Writes a plot that Vega-Lite describes.
 * @param {string} file @param {object} spec
 */
export const plot = async (file, spec) => {
  const { spec: full } = compile(/** @type {any} */ ({ config: CONFIG, ...spec }));
  const view = new View(parse(full), { renderer: "none" });
  writeFileSync(file, `${await view.toSVG()}\n`);
};

/**
 * Horizontal bars, one below the other in the order given, each with its figure.
 * @param {{ title: string, subtitle: string, unit: string, width?: number,
 *   rows: { name: string, value: number, part?: string, label?: string }[],
 *   parts?: { name: string, color: string }[] }} what
 */
export const bars = ({ title, subtitle, unit, rows, parts, width = 520 }) => {
  const names = [...new Set(rows.map(({ name }) => name))];
  const y = { field: "name", type: "nominal", sort: names, title: null, axis: { labelLimit: 0, ticks: false, domain: false } };
  const totals = names.map((name) => {
    const all = rows.filter((row) => row.name === name);
    const value = all.reduce((sum, row) => sum + row.value, 0);
    return { name, value, label: all.find((row) => row.label)?.label ?? String(value) };
  });
  const color = parts
    ? {
        field: "part",
        type: "nominal",
        scale: { domain: parts.map((part) => part.name), range: parts.map((part) => part.color) },
      }
    : { value: OTHERS };
  return {
    title: { text: title, subtitle },
    width,
    height: { step: 24 },
    layer: [
      {
        data: { values: rows },
        mark: { type: "bar", height: 14 },
        encoding: { y, x: { field: "value", type: "quantitative", title: unit, stack: "zero" }, color, order: { field: "order", type: "quantitative" } },
      },
      {
        data: { values: totals },
        mark: { type: "text", align: "left", dx: 5, fontSize: 11, color: "#24292f" },
        encoding: { y, x: { field: "value", type: "quantitative" }, text: { field: "label" } },
      },
    ],
  };
};
