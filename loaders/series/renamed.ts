import {existsSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {identifier} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import {seriesKey} from "../../pond/series.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {numberIn, shapes} from "../files/decimal.js";
import type {Decimal} from "../files/decimal.js";
import {finite} from "../files/host.js";
import {flagsOfRenamed, isFlag} from "../readings/flag.js";
import {qualityIn, renamedQuality} from "../readings/quality.js";
import {keyOf} from "../reduction/shard.js";
import {replaceFile} from "../file.js";
import {sweep} from "../sweep.js";
import {threadOf} from "./origin.js";
import type {Origin, Quality} from "../types.js";
import {convertedSql, type Conversion} from "../readings/unit.js";

/** A column of a series under another name. */
export interface Renaming {
  readonly from: string;
  readonly column: Column;
  readonly conversion?: Conversion;
  readonly text?: {readonly decimal?: Decimal}; // of text that is read as numbers: how they are written, if that is told
}

/** What was found in texts that are read as numbers, in sentences. */
export interface TextReport {
  readonly missing: readonly string[]; // what is no number
  readonly unclear: readonly string[]; // what may be one number or another
}

/** Raised when texts are read as other numbers than before: what was made of them is made anew. */
const generation = 2;

/** Some columns of a series, under other names and in other units. */
export class RenamedSeries implements Series {
  readonly path: string;
  readonly #source: Series;
  readonly #renamings: readonly Renaming[];

  constructor(path: string, source: Series, renamings: readonly Renaming[]) {
    this.path = path;
    this.#source = source;
    this.#renamings = renamings;
  }

  async columns(): Promise<readonly Column[]> {
    return this.#renamings.map(({column}) => column);
  }

  /** The key holds the whole recipe: a piece that is told otherwise is another piece. */
  async pieces(range?: Range): Promise<readonly Piece[]> {
    const recipe = this.#recipe();
    return (await this.#source.pieces(range)).map((piece) => ({...piece, key: keyOf("rename", recipe, piece.key)}));
  }

  async quality(range?: Range): Promise<ReadonlyMap<string, Quality>> {
    return renamedQuality(await qualityIn(this.#source, range), this.#renamings);
  }

  async relation(range?: Range): Promise<string> {
    const named = this.#renamings.map((renaming) => `${valueSql(renaming)} AS ${identifier(renaming.column.name)}`);
    return `(SELECT ${["timestamp", ...named].join(", ")} FROM ${await this.#source.relation(range)})`;
  }

  async origins(): Promise<readonly Origin[]> {
    const renamed = this.#renamings.filter(({column}) => !isFlag(column));
    const threads = renamed.map(({from, column}) => threadOf(from, column.name));
    return [{series: this.#source, period: {}, threads}];
  }

  /** What is left out of texts that are read as numbers; looked for once for each content of the source. */
  async texts({duck, cache}: {readonly duck: Duck; readonly cache: string}): Promise<TextReport> {
    const read = this.#renamings.filter(({text}) => text);
    if (read.length === 0) return {missing: [], unclear: []};
    const directory = join(cache, "rename", keyOf(this.path).slice(0, 16));
    const name = `${keyOf(this.#source.path, this.#recipe(), await seriesKey(this.#source))}.json`;
    const memo = join(directory, name);
    if (!existsSync(memo)) {
      await replaceFile(memo, JSON.stringify(await reportOn(duck, this.#source, read)));
      await sweep(directory, new Set([name]));
    }
    return JSON.parse(await readFile(memo, "utf8")) as TextReport;
  }

  #recipe(): readonly unknown[] {
    return this.#renamings.map(({from, column, conversion, text}) => {
      const as = text ? [generation, text] : column.type === "DOUBLE" || isFlag(column) ? [] : [column.type];
      return [from, column.name, conversion ?? null, ...as];
    });
  }
}

function valueSql({from, column, conversion, text}: Renaming): string {
  const value = identifier(from);
  return `${convertedSql(text ? finite(numberSql(value, text)) : value, conversion)}::${column.type}`;
}

// ---- Numbers that are text ----

type Written = NonNullable<Renaming["text"]>;

/** DOUBLE; NULL for what is no number, or may be one or another. */
function numberSql(value: string, text: Written): string {
  const number = numberIn(value, text.decimal ?? ".");
  return text.decimal ? number : `CASE WHEN NOT ${isUnclear(value)} THEN ${number} END`;
}

/** Whether a comma stands where only a person can tell what it is, or for certain before a fraction. */
function isUnclear(value: string): string {
  return `regexp_matches(trim(${value}), '${shapes.comma}|${shapes.commas}')`;
}

async function reportOn(duck: Duck, source: Series, renamings: readonly Renaming[]): Promise<TextReport> {
  const report = {missing: [] as string[], unclear: [] as string[]};
  for (const {from, text = {}} of renamings) {
    const value = identifier(from);
    const rows = await duck.rows(
      `SELECT unclear, count(*)::DOUBLE AS count, arg_min(value, timestamp) AS text, epoch_ms(min(timestamp))::DOUBLE AS time
       FROM (SELECT timestamp, ${value} AS value, ${text.decimal ? "false" : isUnclear(value)} AS unclear
             FROM ${await source.relation()} WHERE trim(${value}) <> '' AND ${numberSql(value, text)} IS NULL)
       GROUP BY unclear`
    );
    for (const {unclear, count, text: first, time} of rows) {
      const others = count === 1 ? "" : ` (and ${Number(count) - 1} more)`;
      const where = `The column ${from} of ${source.path} has ${JSON.stringify(first)} at ${new Date(Number(time)).toISOString()}${others}`;
      if (unclear === true)
        report.unclear.push(`${where}, whose comma is one of decimals or of thousands: set decimal.`);
      else report.missing.push(`${where}, which is no number and taken as missing.`);
    }
  }
  return report;
}

/** Flags go with the readings that they are for. */
export function flagRenamings(columns: readonly Column[], renamed: readonly Renaming[]): readonly Renaming[] {
  return columns.filter(isFlag).flatMap((column) => {
    const whose = renamed.find(({from}) => from === column.attributes.flags);
    return whose ? [{from: column.name, column: flagsOfRenamed(column, whose.column)}] : [];
  });
}
