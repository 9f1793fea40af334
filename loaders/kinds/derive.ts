import * as z from "zod";
import type {DynamicContext, Reader} from "../../pond/types.js";
import {seriesIn} from "../series/dataset.js";
import {DerivedSeries, type Input} from "../series/derived.js";
import {duration, parseDuration} from "../time/duration.js";
import {path} from "../path.js";
import {oneSeries} from "../series/place.js";
import {seriesAt} from "../series/alias.js";
import type {Kind} from "../types.js";

/** A SELECT, after comments if there are any. */
const select = /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:select|with|from)\b/i;

const schema = z.strictObject({
  output: path().describe("the path of the series, e.g. /derived/saturation"),
  inputs: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, "write a name of letters, digits and _"), path())
    .refine((inputs) => Object.keys(inputs).length > 0, "name at least one series")
    .describe(
      "what the SQL reads: a name, and the series for it, a path or a pattern; of a pattern, `path` tells which"
    ),
  sql: z
    .string()
    .regex(select, "write one SELECT")
    .transform((sql) => sql.trim().replace(/;$/, ""))
    .describe("one SELECT (DuckDB) that gives `timestamp` and a column of numbers per parameter, `<parameter>.<unit>`"),
  lookback: duration
    .optional()
    .describe("how long before a result the readings begin that it depends on; on everything unless given")
});

export type DeriveSpec = z.infer<typeof schema>;

/** What SQL makes of other series, computed on access. */
export const derive: Kind<DeriveSpec> = {
  name: "Derive",
  summary: "What SQL makes of other series, computed only where they changed.",
  schema,
  ...oneSeries("derived", schema, derivedSeries),
  reads: ({inputs}) => Object.values(inputs),
  async run({spec}, {duck, cache, ...context}) {
    const fs = await context.fs();
    const series = await derivedSeries(spec, {fs, duck, cache});
    await series.prove();
    return {read: 0, stored: 0, aside: 0, notes: await unmatched(spec, fs), errors: []};
  }
};

async function derivedSeries(
  {output, inputs, sql, lookback}: DeriveSpec,
  {fs, duck, cache}: Pick<DynamicContext, "fs" | "duck" | "cache">
): Promise<DerivedSeries> {
  const found = Object.entries(inputs).map(async ([name, from]): Promise<Input> => {
    const matches = await seriesIn(from, fs);
    return {name, from, series: await Promise.all(matches.map(({path}) => seriesAt(path, fs)))};
  });
  const span = lookback === undefined ? {} : {lookback: parseDuration(lookback)};
  return new DerivedSeries(output, {sql, inputs: await Promise.all(found), duck, cache, ...span});
}

async function unmatched({inputs}: DeriveSpec, fs: Reader): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const [name, pattern] of Object.entries(inputs))
    if ((await seriesIn(pattern, fs)).length === 0) notes.push(`Input ${name}: nothing matches ${pattern} yet.`);
  return notes;
}
