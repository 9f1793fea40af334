import {existsSync} from "node:fs";
import {rename, rm} from "node:fs/promises";
import {basename, join} from "node:path";
import {complaint} from "../../pond/complaint.js";
import {temporary} from "../../pond/disk.js";
import {readText, writeChanged} from "../file.js";
import {type Duck, identifier, literal} from "../../pond/duck.js";
import {isGlob} from "../../pond/glob.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {finite} from "../files/host.js";
import {within} from "../reduction/partial.js";
import {attributesWithin} from "../readings/readings.js";
import {keyOf} from "../reduction/shard.js";
import {parameterOf} from "../readings/parameter.js";
import {readingsOf, threadOf} from "./origin.js";
import {columnsNamed, requirePure} from "./purity.js";
import {concerns} from "./target.js";
import {sweep} from "../sweep.js";
import type {Origin} from "../types.js";

/** A name in the SQL, and the series that stand for it. */
export interface Input {
  readonly name: string;
  readonly from: string; // a path or a pattern
  readonly series: readonly Series[];
}

export interface DerivedOptions {
  readonly sql: string; // one SELECT, which gives `timestamp` and a column per parameter
  readonly inputs: readonly Input[];
  readonly lookback?: number; // µs: what a result depends on begins so long before it; none: it depends on everything
  readonly duck: Duck;
  readonly cache: string; // host directory
}

/** SQL: the timestamp as ISO 8601. */
const isoTime = "strftime(timestamp AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')";

/** Part of every key: to be raised whenever the same input would give other readings, or columns of another meaning. */
const generation = 3;

/** Part of what remembers that SQL was found well: to be raised whenever more is asked of it. */
const proof = 1;

/**
 * What SQL makes of other series. With a lookback a range of it is computed from the readings up to so long before the
 * range, and a change of an input changes no other piece. Without one a result may depend on any reading: the whole is
 * computed once for each content of the inputs, and kept.
 */
export class DerivedSeries implements Series {
  readonly path: string;
  readonly #options: DerivedOptions;
  #columns?: Promise<readonly Column[]>;
  #kept?: Promise<Piece & {readonly file: string}>;

  constructor(path: string, options: DerivedOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Throws a sentence when the SQL cannot be run, or does not give readings. */
  columns(): Promise<readonly Column[]> {
    return (this.#columns ??= this.#describe());
  }

  async pieces(range: Range = {}): Promise<readonly Piece[]> {
    const {lookback} = this.#options;
    if (lookback === undefined) {
      const whole = await this.#whole();
      return whole.maxTime >= (range.begin ?? -Infinity) && whole.minTime < (range.end ?? Infinity) ? [whole] : [];
    }
    const inputs = await this.#inputPieces(reachOf(range, lookback));
    return inputs.map(({key, minTime, maxTime}) => ({
      key: keyOf("derive", generation, this.#recipe(), key),
      minTime,
      maxTime: maxTime + lookback
    }));
  }

  async relation(range: Range = {}): Promise<string> {
    const {lookback} = this.#options;
    if (lookback !== undefined) return this.#single(range, reachOf(range, lookback));
    const {file} = await this.#whole();
    return `(SELECT * FROM read_parquet(${literal(file)}) WHERE ${within(range)})`;
  }

  /**
   * A column may come from all that the SQL names. It has the readings of the only one of these that is called as it is;
   * of others something is computed. A result may stand at another time than a reading, unless the lookback is none.
   */
  async origins(): Promise<readonly Origin[]> {
    const {duck, sql, inputs, lookback} = this.#options;
    const results = await this.columns();
    const all = inputs.flatMap(({series}) => series);
    const read = await Promise.all(all.map(readingsOf));
    const named = await columnsNamed(duck, sql);
    const isNamed = ({name}: Column) => named?.has(name.toLowerCase()) ?? true;
    const columns = read.flat().some(isNamed) ? read.map((one) => one.filter(isNamed)) : read;
    const sources = results.map((result) => ({result, same: sameAs(result, columns)}));
    return all.map((series, index) => ({
      ...{series, period: {}, isShifted: lookback !== 0},
      threads: columns[index]!.flatMap((column) =>
        sources.map(({result, same}) => ({...threadOf(column.name, result.name), isMade: column !== same}))
      )
    }));
  }

  /**
   * Throws a sentence where the SQL fails on a reading, or gives two rows of one time. With a lookback it is run where
   * pieces came, or went, since it was last found well; without, for the whole that is kept. What was kept before goes.
   */
  async prove(): Promise<void> {
    const {lookback} = this.#options;
    await this.columns();
    const kept = lookback === undefined ? (await this.#whole()).file : await this.#proven(lookback);
    await sweep(this.#directory, new Set([basename(kept)]));
    await rm(join(this.#options.cache, "derive"), {recursive: true, force: true}); // in ponds from before
  }

  /** Where it is remembered for which pieces the SQL was found well. */
  async #proven(lookback: number): Promise<string> {
    const pieces = await this.pieces();
    const memo = join(this.#directory, `proof-${proof}.json`);
    const before = new Map((JSON.parse(readText(memo) ?? "[]") as readonly Piece[]).map((piece) => [piece.key, piece]));
    const changed = pieces.filter(({key}) => !before.delete(key)).concat(...before.values());
    if (changed.length === 0) return memo;
    for (const range of unionOf(changed)) await this.#refuseTwins(await this.#select(range, reachOf(range, lookback)));
    await writeChanged(memo, JSON.stringify(pieces));
    return memo;
  }

  /** Of what is kept of this path alone. */
  get #directory(): string {
    return join(this.#options.cache, "derived", keyOf(this.path).slice(0, 16));
  }

  #whole(): Promise<Piece & {readonly file: string}> {
    return (this.#kept ??= this.#keep());
  }

  /** The whole result as a file, computed unless it was before. */
  async #keep(): Promise<Piece & {readonly file: string}> {
    const {duck} = this.#options;
    await this.columns();
    const inputs = await this.#inputPieces({});
    const key = keyOf(
      "derive",
      generation,
      this.#recipe(),
      inputs.map((piece) => piece.key)
    );
    const file = join(this.#directory, `${key}.parquet`);
    if (!existsSync(file)) await this.#make(file);
    const [row] = await duck.rows(
      `SELECT epoch_us(min(timestamp))::DOUBLE AS first, epoch_us(max(timestamp))::DOUBLE AS last FROM read_parquet(${literal(file)})`
    );
    const [minTime, maxTime] = [(row!.first as number | null) ?? Infinity, (row!.last as number | null) ?? -Infinity];
    return {key, file, minTime, maxTime};
  }

  /** What is found there is believed: so nothing stands there before it was looked at. */
  async #make(file: string): Promise<void> {
    const made = temporary(file);
    const sql = `SELECT * FROM ${await this.#select({}, {})} ORDER BY timestamp`;
    try {
      await this.#options.duck.copy(sql, made).catch((error: unknown) => this.#refuse(error));
      await this.#refuseTwins(`read_parquet(${literal(made)})`);
      await rename(made, file);
    } finally {
      await rm(made, {force: true});
    }
  }

  /** Two results of one time would count as two readings. What else fails in a reading does so here. */
  async #refuseTwins(from: string): Promise<void> {
    const filled = (await this.columns()).map(({name}) => `count(${identifier(name)})`);
    const [twin] = await this.#options.duck
      .rows(
        `SELECT epoch_ms(timestamp)::DOUBLE AS time, count(*)::DOUBLE AS rows, ${[...filled, "1"].join(", ")} FROM ${from}
         GROUP BY timestamp HAVING count(*) > 1 ORDER BY timestamp LIMIT 1`
      )
      .catch((error: unknown) => this.#refuse(error));
    if (!twin) return;
    throw new Error(this.#twins(String(twin.rows), new Date(Number(twin.time)).toISOString()));
  }

  async #inputPieces(range: Range): Promise<readonly Piece[]> {
    const found = this.#options.inputs.flatMap(({name, series}) =>
      series.map(async (one) =>
        (await one.pieces(range)).map((piece) => ({...piece, key: keyOf(name, one.path, piece.key)}))
      )
    );
    return (await Promise.all(found)).flat();
  }

  /** What the result is made by, beside its inputs' content. */
  #recipe(): string {
    const {sql, lookback = null} = this.#options;
    return keyOf(sql, lookback);
  }

  async #describe(): Promise<readonly Column[]> {
    const {duck, sql: asked, inputs} = this.#options;
    const nothing = {begin: 0, end: 0};
    const known = await this.#attributes();
    const names = inputs.map(({name}) => name);
    await requirePure(duck, {path: this.path, sql: asked, inputs: names, columns: new Set([...known.keys(), "path"])});
    const sql = await this.#statement(nothing);
    const rows = await duck.rows(`DESCRIBE ${sql}`).catch((error: unknown) => this.#refuse(error));
    const types = new Map(rows.map((row) => [row.column_name as string, row.column_type as string]));
    const time = types.get("timestamp");
    if (time !== "TIMESTAMP WITH TIME ZONE")
      throw new Error(
        `The SQL of ${this.path} gives ${time === undefined ? "no column timestamp" : `timestamp as ${time}`}: select the timestamp of an input as timestamp.`
      );
    await this.#refuseNamesakes([...types.keys()]);
    types.delete("timestamp");
    const scopes = [...new Set([...known.values()].flatMap(({scope}) => scope ?? []))];
    for (const [name, type] of types)
      if (!/^(DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)\b/.test(type))
        throw new Error(`The SQL of ${this.path} gives ${name} as ${type}: readings are numbers.`);
    return [...types.keys()].map((name) => {
      const told = known.get(name);
      const isTold = told?.parameter !== undefined;
      return {name, type: "DOUBLE", attributes: isTold ? told : {...attributesWithin(name, scopes), ...told}};
    });
  }

  /** Within another SELECT, of two columns of one name DuckDB calls the second otherwise, by a number. */
  async #refuseNamesakes(names: readonly string[]): Promise<void> {
    if (!names.some((name) => /_\d+$/.test(name))) return;
    const {duck, sql} = this.#options;
    const own = `(\n${sql}\n)`;
    const plain = `DESCRIBE ${await this.#tables({begin: 0, end: 0})} ${own} UNION ALL ${own}`; // may have a WITH of its own
    const rows = await duck.rows(plain).catch((error: unknown) => this.#refuse(error));
    const seen = new Map<string, string>();
    for (const {column_name: name} of rows as {column_name: string}[]) {
      const other = seen.get(name.toLowerCase());
      if (other !== undefined)
        throw new Error(
          `The SQL of ${this.path} gives ${other} and ${name}, which are one name: call one otherwise, by AS.`
        );
      seen.set(name.toLowerCase(), name);
    }
  }

  #refuse(error: unknown): never {
    const {inputs, sql, cache} = this.#options;
    const tables = `inputs names ${inputs.map(({name}) => name).join(", ")}`;
    const missing = inputs.filter(({series}) => series.length === 0).map(({from}) => from);
    const why = missing.length === 0 ? "" : `, while nothing matches ${missing.join(" or ")} yet,`;
    const trouble = `The SQL of ${this.path}${why} cannot be run`;
    throw complaint(error, {sql, above: 1, hidden: [cache], trouble, tables});
  }

  /** What the inputs tell of a column that goes through by its name. */
  async #attributes(): Promise<ReadonlyMap<string, Column["attributes"]>> {
    const all = await Promise.all(this.#options.inputs.flatMap(({series}) => series.map((one) => one.columns())));
    return new Map(all.flat().map(({name, attributes}) => [name, attributes]));
  }

  async #select(range: Range, reach: Range): Promise<string> {
    const names = (await this.columns()).map(({name}) => identifier(name));
    const columns = names.map((name) => `${finite(`${name}::DOUBLE`)} AS ${name}`);
    const list = ["timestamp", ...columns].join(", ");
    const isMeant = await this.#heeding(reach, within(range));
    return `(SELECT ${list} FROM (${await this.#statement(reach)}) WHERE timestamp IS NOT NULL AND ${isMeant})`;
  }

  /**
   * The condition, which fails for a result that no reading is within the lookback of: what it was made of would be read
   * for other results, and it would be missing where it is asked for.
   */
  async #heeding(reach: Range, condition: string): Promise<string> {
    const {lookback} = this.#options;
    if (lookback === undefined) return condition;
    const pieces = await this.#inputPieces(reach);
    const {begin = -Infinity, end = Infinity} = reach;
    const first = pieces.reduce((time, {minTime}) => Math.min(time, minTime), Infinity);
    const last = pieces.reduce((time, {maxTime}) => Math.max(time, maxTime), -Infinity);
    const span = {begin: Math.max(begin, first), end: Math.min(end - 1, last) + lookback + 1};
    const isWithin = pieces.length === 0 ? "false" : within(span);
    const [before, after] = [`a result of ${this.path} is at `, ", and no reading then or in the lookback before it"];
    const advice = "; have each result at the time of the newest reading that it is made of, or leave out lookback";
    const refusal = `error(${literal(before)} || ${isoTime} || ${literal(after + advice)})`;
    return `CASE WHEN ${isWithin} THEN ${condition} ELSE ${refusal} END`;
  }

  /** The same, which fails where two rows are of one time. */
  async #single(range: Range, reach: Range): Promise<string> {
    const names = (await this.columns()).map(({name}) => identifier(name));
    const list = ["timestamp", ...names.map((name) => `any_value(${name}) AS ${name}`)].join(", ");
    const [before, between, after] = this.#twins("\0", "\0").split("\0").map(literal);
    const refusal = `error(${before} || count(*) || ${between} || ${isoTime} || ${after})`;
    return `(SELECT ${list} FROM ${await this.#select(range, reach)} GROUP BY timestamp HAVING CASE WHEN count(*) > 1 THEN ${refusal} ELSE true END)`;
  }

  #twins(rows: string, time: string): string {
    return `The SQL of ${this.path} gives ${rows} rows at ${time}: GROUP BY timestamp, for one.`;
  }

  async #statement(reach: Range): Promise<string> {
    return `${await this.#tables(reach)} SELECT * FROM (\n${this.#options.sql}\n)`;
  }

  /** The inputs, as the SQL names them. */
  async #tables(reach: Range): Promise<string> {
    const tables = this.#options.inputs.map(
      async (input) => `${identifier(input.name)} AS (${await tableOf(input, reach)})`
    );
    return `WITH ${(await Promise.all(tables)).join(", ")}`;
  }
}

/** The only column of several series that is of the same parameter and scope. */
function sameAs(result: Column, series: readonly (readonly Column[])[]): Column | undefined {
  const {scope} = result.attributes;
  const wanted = {parameter: parameterOf(result), scope};
  const [first, second] = series.flatMap((columns) => columns.filter((column) => concerns(wanted, column, columns)));
  return second ? undefined : first;
}

/** The spans of time that pieces are in, together. */
function unionOf(pieces: readonly Piece[]): readonly Required<Range>[] {
  const spans: {begin: number; end: number}[] = [];
  for (const {minTime, maxTime} of [...pieces].sort((a, b) => a.minTime - b.minTime)) {
    const last = spans.at(-1);
    if (last && minTime <= last.end) last.end = Math.max(last.end, maxTime + 1);
    else spans.push({begin: minTime, end: maxTime + 1});
  }
  return spans;
}

/** The series of one name, side by side; with the path of each, where a pattern may match several. */
async function tableOf({from, series}: Input, range: Range): Promise<string> {
  const pathSql = (sql: string) => (isGlob(from) ? `, ${sql} AS path` : "");
  if (series.length === 0) return `SELECT NULL::TIMESTAMPTZ AS timestamp${pathSql("NULL::VARCHAR")} WHERE false`;
  const parts = series.map(
    async (one) => `SELECT *${pathSql(literal(one.path))} FROM ${await one.relation(range)} WHERE ${within(range)}`
  );
  return (await Promise.all(parts)).join(" UNION ALL BY NAME ");
}

function reachOf({begin, end}: Range, lookback: number): Range {
  return {...(begin === undefined ? {} : {begin: begin - lookback}), ...(end === undefined ? {} : {end})};
}
