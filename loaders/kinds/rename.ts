import * as z from "zod";
import {literally} from "../../pond/regexp.js";
import type {Column, Reader, Series} from "../../pond/types.js";
import {Mapped, placeable, troubles} from "../series/mapped.js";
import {isFlag} from "../readings/flag.js";
import {path} from "../path.js";
import {fill, unfillable} from "../pattern.js";
import {attributesWithin} from "../readings/readings.js";
import {isNumeric} from "../reduction/reduction.js";
import {flagRenamings, RenamedSeries, type Renaming, type TextReport} from "../series/renamed.js";
import {ifSound} from "../sound.js";
import {seriesAt} from "../series/alias.js";
import type {Kind} from "../types.js";
import {conversionFor} from "../readings/unit.js";

const mapped = new Mapped("renamed");

const rule = z.strictObject({
  from: z.string().min(1).describe("a column, or several: * stands for any letters, e.g. 'Bottom *'"),
  to: z.string().min(1).describe("its name, `<parameter>.<unit>`; $0, $1, … stand for what the * matched"),
  unit: z.string().min(1).optional().describe("the unit that its numbers are in, where the column does not tell"),
  type: z
    .enum(["number", "text"])
    .optional()
    .describe(
      "what its values are read as: text that holds numbers as number, codes as text; as they are unless given"
    ),
  decimal: z
    .enum([".", ","])
    .optional()
    .describe("what stands in numbers that are text; unless given, 1,234 and the like are refused")
});

const schema = z
  .strictObject({
    input: path().describe("the series: a path or a pattern"),
    output: path().describe("where each stands; $0, $1, … stand for what the wildcards matched"),
    columns: z.array(rule).min(1).describe("of several rules that a column matches, the first counts"),
    others: z.enum(["keep", "drop"]).default("keep").describe("what becomes of the columns that no rule matches")
  })
  .superRefine(
    placeable((mapping) => mapped.isCircular(mapping)),
    ifSound("input", "output")
  )
  .superRefine(({columns}, context) => {
    for (const [index, {from, to}] of columns.entries()) {
      const message = unfillable(to, from, from.split("*").length - 1);
      if (message !== undefined) context.addIssue({code: "custom", path: ["columns", index, "to"], message});
    }
  }, ifSound("columns"));

export type RenameSpec = z.infer<typeof schema>;
type Rule = z.infer<typeof rule>;
type Typed = Pick<Renaming, "text"> & Pick<Column, "type">;

/** Series with other names, units and types for their columns, computed on access. */
export const rename: Kind<RenameSpec> = {
  name: "Rename",
  summary: "Series with other names, units and types for their columns, directly or by pattern.",
  schema,
  ...mapped.kind(schema, async (spec, {input, path}, {fs}) => renamedSeries(spec, await seriesAt(input, fs), path)),
  async run({spec}, {duck, cache, ...context}) {
    const fs = await context.fs();
    const datasets = await mapped.datasets(spec, fs);
    const told: TextReport[] = [];
    const errors = await troubles(datasets, async ({input, path}) => {
      const series = await renamedSeries(spec, await seriesAt(input, fs), path);
      told.push(await series.texts({duck, cache}));
    });
    const found = datasets.map(({input}) => input);
    const notes = [...(await unusedRules(spec, found, fs)), ...told.flatMap((one) => one.missing)];
    return {read: 0, stored: 0, aside: 0, notes, errors: [...errors, ...told.flatMap(({unclear}) => unclear)]};
  }
};

async function renamedSeries(spec: RenameSpec, source: Series, path: string): Promise<RenamedSeries> {
  const columns = await source.columns();
  const readings = columns.filter((column) => !isFlag(column));
  const renamed = readings.flatMap((column) => renamingOf(spec, column, source.path) ?? []);
  const renamings = [...renamed, ...flagRenamings(columns, renamed)];
  const seen = new Map([["timestamp", "timestamp"]]);
  for (const {from, column} of renamings) {
    const twin = seen.get(column.name.toLowerCase());
    if (twin !== undefined)
      throw new Error(`The columns ${twin} and ${from} of ${source.path} would both be ${column.name}: rename one.`);
    seen.set(column.name.toLowerCase(), from);
  }
  return new RenamedSeries(path, source, renamings);
}

function renamingOf({columns: rules, others}: RenameSpec, column: Column, path: string): Renaming | undefined {
  for (const {from, to, unit: told, ...as} of rules) {
    const captures = patternOf(from).exec(column.name)?.slice(1);
    if (!captures) continue;
    const name = fill(to, captures);
    const {scope} = column.attributes;
    const attributes = {...column.attributes, ...attributesWithin(name, scope === undefined ? [] : [scope])};
    const {type, text} = typed(column, as, path);
    const renaming = {from: column.name, column: {name, type, attributes}, ...(text ? {text} : {})};
    const unit = told ?? column.attributes.unit ?? attributes.unit;
    const {statistic} = attributes;
    const conversion = attributes.unit && conversionFor({path, name: column.name, unit, statistic}, attributes.unit);
    if (!conversion) return renaming;
    if (isNumeric(renaming.column)) return {...renaming, conversion};
    throw new Error(`The column ${column.name} of ${path} is no number (${type}) to be converted: give type: number.`);
  }
  return others === "keep" ? {from: column.name, column: {...column, type: typeOf(column)}} : undefined;
}

/** What a column becomes, and how its texts are read where they are numbers. */
function typed(column: Column, {type, decimal}: Pick<Rule, "type" | "decimal">, path: string): Typed {
  if (type === "text") return {type: "VARCHAR"};
  if (type === undefined) return {type: typeOf(column)};
  if (column.type === "VARCHAR") return {type: "DOUBLE", text: decimal ? {decimal} : {}};
  if (isNumeric(column) || column.type === "BOOLEAN") return {type: "DOUBLE"};
  throw new Error(`The column ${column.name} of ${path} holds ${column.type}, which is no number: take type away.`);
}

/** Whatever numbers a series holds, readings are doubles. */
function typeOf(column: Column): string {
  return isNumeric(column) && !isFlag(column) ? "DOUBLE" : column.type;
}

/** Rules that no column matches are most often misspelt. */
async function unusedRules({columns: rules}: RenameSpec, paths: readonly string[], fs: Reader): Promise<string[]> {
  const all = await Promise.all(paths.map(async (path) => (await fs.series(path)).columns()));
  const names = new Set(all.flat().map(({name}) => name));
  return rules
    .filter(({from}) => ![...names].some((name) => patternOf(from).test(name)))
    .map(
      ({from}) =>
        `No column is called ${from}; there ${names.size === 0 ? "are none yet" : `are ${[...names].join(", ")}`}.`
    );
}

function patternOf(from: string): RegExp {
  const parts = from.split("*").map(literally);
  return new RegExp(`^${parts.join("(.*)")}$`, "su");
}
