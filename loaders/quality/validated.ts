import {existsSync} from "node:fs";
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {type Duck, identifier, literal} from "../../pond/duck.js";
import {encodeParquet} from "../../pond/parquet.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {Judged, packedName, placeOf, readingsIn, readingsSql, type Tally, totalOf} from "./chunk.js";
import {replaceFile} from "../file.js";
import {flagColumns, unpackedSql} from "../readings/flag.js";
import {type Mark, marksIn, toldOf} from "./mark.js";
import {claimsOf, eachOnce} from "../series/claim.js";
import {within} from "../reduction/partial.js";
import {isTested, type Plan, type Planned, reachOf, testsOf} from "./plan.js";
import {keyOf, overlaps, type Span} from "../reduction/shard.js";
import {type Remember, spansIn} from "./spread.js";
import {sweep} from "../sweep.js";
import type {ColumnCounts, Origin, Quality, TestEntry, TestName} from "../types.js";
import {wholly} from "../series/origin.js";

/** Part of every key: to be raised whenever the same input would give other flags or another file. */
const generation = 2;

export interface ValidatedOptions {
  readonly source: Series;
  readonly plan: () => Promise<Plan>;
  readonly duck: Duck;
  readonly cache: string; // host directory
  readonly built?: (chunk: Chunk) => void; // told of each chunk that had to be computed
}

/** A stretch of the series, kept as one Parquet file by the hash of all that its flags depend on. */
interface Chunk extends Piece {
  readonly span: Span;
  readonly marks: readonly Mark[];
  readonly begun: readonly string[]; // the columns tested for gaps that have readings before the span
  readonly file: string; // host path; there once it was computed
}

interface Stretch {
  readonly span: Required<Range>;
  readonly from: number; // µs UTC: where the chunk that holds it begins
  readonly begun: readonly string[]; // before that
}

/**
 * A series with flags beside its readings. It is computed in chunks of time, each from its own readings and those around
 * it, as far as its tests look; what was computed is kept, so that a change of the input, of a neighbour, of a threshold
 * or of what people say costs the chunks that depend on it and no others. Columns that are no numbers are left out.
 */
export class ValidatedSeries implements Series {
  readonly path: string;
  readonly #options: ValidatedOptions;
  readonly #memos = new Set<string>(); // names of files that told what was known before
  #plan?: Promise<Plan>;
  #chunks?: Promise<readonly Chunk[]>;

  constructor(path: string, options: ValidatedOptions) {
    this.path = path;
    this.#options = options;
  }

  /** What is tested; throws a sentence for thresholds that cannot be. */
  plan(): Promise<Plan> {
    return (this.#plan ??= this.#options.plan());
  }

  /** Beside each column that is tested its flags, `<column>.flag` and `<column>.flag.<test>`. */
  async columns(): Promise<readonly Column[]> {
    const {columns} = await this.plan();
    return columns.flatMap((planned) => {
      const value = {...planned.column, type: "DOUBLE"};
      return isTested(planned) ? [value, ...flagColumns(value, testsOf(planned))] : [value];
    });
  }

  /** A piece's key tells of the range alone: a chunk that changes elsewhere is the same piece there. */
  async pieces(range: Range = {}): Promise<readonly Piece[]> {
    const [plan, chunks] = [await this.plan(), await this.chunks()];
    const found = chunks
      .filter((chunk) => overlaps(chunk, range))
      .map(({span, begun}) => this.#piece(plan, {span: clipped(span, range), from: span.begin, begun}));
    return (await Promise.all(found)).flatMap((piece) => piece ?? []);
  }

  async relation(range: Range = {}): Promise<string> {
    const {columns} = await this.plan();
    const chunks = await this.#build((await this.chunks()).filter((chunk) => overlaps(chunk, range)));
    const kept = columns.flatMap((planned) => [
      `NULL::DOUBLE AS ${identifier(planned.column.name)}`,
      ...(isTested(planned) ? [`NULL::INTEGER AS ${identifier(packedName(planned.column.name))}`] : [])
    ]);
    const nothing = `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", ...kept].join(", ")} WHERE false`;
    const rows = chunks.length === 0 ? [] : [`SELECT * FROM ${filesSql(chunks)} WHERE ${within(range)}`];
    const told = ["timestamp", ...columns.flatMap(toldSql)].join(", ");
    return `(SELECT ${told} FROM (${[...rows, nothing].join(" UNION ALL BY NAME ")}))`;
  }

  /** By time; those without a piece of the source are left out, and among many those without a reading. */
  chunks(): Promise<readonly Chunk[]> {
    return (this.#chunks ??= this.#cut());
  }

  /** How many readings each test flagged how, over the whole series: what is not yet computed is. */
  async counts(): Promise<readonly ColumnCounts[]> {
    const tested = (await this.plan()).columns.filter(isTested);
    const chunks = await this.#build(await this.chunks());
    const asked = tested.map((planned) => [planned.column.name, planned.group, testsOf(planned)]);
    const keys = chunks.map(({key}) => key);
    return this.#remember(`${keyOf("counts", generation, asked, keys)}.counts.json`, async () => {
      const tallies = await Promise.all(chunks.map(({file}) => readJson<Tally>(tallyOf(file))));
      return tested.map((planned) => totalOf(planned, tallies));
    });
  }

  /** How the readings of each column are tested, and what came of it for those in the range. */
  async quality(range: Range = {}): Promise<ReadonlyMap<string, Quality>> {
    const {begin = -Infinity, end = Infinity} = range;
    const isWhole = (await this.chunks()).every(({minTime, maxTime}) => minTime >= begin && maxTime < end);
    const counts = await (isWhole ? this.counts() : this.#countsIn({begin, end}));
    const {columns} = await this.plan();
    return new Map(counts.map((count) => [count.column, qualityOf(columns, count)]));
  }

  /** Chunks that the range cuts are judged again. */
  async #countsIn(range: Required<Range>): Promise<readonly ColumnCounts[]> {
    const chunks = await this.#build((await this.chunks()).filter((chunk) => overlaps(chunk, range)));
    const tallies = chunks.map(async (chunk) => {
      const {span, file, minTime, maxTime} = chunk;
      if (minTime >= range.begin && maxTime < range.end) return readJson<Tally>(tallyOf(file));
      return (await this.#judge([chunk])).tally(clipped(span, range));
    });
    const tested = (await this.plan()).columns.filter(isTested);
    const found = await Promise.all(tallies);
    return tested.map((planned) => totalOf(planned, found));
  }

  async origins(): Promise<readonly Origin[]> {
    return [await wholly(this.#options.source)];
  }

  /** Removes what was computed once and nothing names any more. */
  async sweep(): Promise<void> {
    const keys = (await this.chunks()).map(({key}) => key);
    const files = keys.flatMap((key) => [`${key}.parquet`, `${key}.json`]);
    await sweep(this.#directory(), new Set([...files, ...this.#memos]));
  }

  async #remember<T>(name: string, work: () => Promise<T>): Promise<T> {
    const memo = join(this.#directory(), name);
    this.#memos.add(name);
    if (!existsSync(memo)) await replaceFile(memo, JSON.stringify(await work()));
    return readJson<T>(memo);
  }

  #directory(): string {
    return join(this.#options.cache, "validate", keyOf(this.path).slice(0, 16));
  }

  // ---- What depends on what ----

  async #cut(): Promise<readonly Chunk[]> {
    const plan = await this.plan();
    const begun = new Begun(plan);
    const chunks: Chunk[] = [];
    for (const span of await this.#spans(plan)) {
      const piece = await this.#piece(plan, {span, from: span.begin, begun: begun.names});
      if (!piece) continue;
      const file = join(this.#directory(), `${piece.key}.parquet`);
      chunks.push({...piece, span, marks: marksIn(plan.marks, span), begun: begun.names, file});
      if (!begun.isWhole) begun.add(await this.#columnsIn(span));
    }
    return chunks;
  }

  #spans(plan: Plan): Promise<readonly Span[]> {
    const {source, duck} = this.#options;
    const remember: Remember = (key, work) => this.#remember(`${key}.empty.json`, work);
    return spansIn({source, width: widthOf(plan), duck, remember});
  }

  /** A stretch of time, by all that its flags depend on; nothing where the source has none. */
  async #piece(plan: Plan, {span, from, begun}: Stretch): Promise<Piece | undefined> {
    const {source} = this.#options;
    const own = await source.pieces(span);
    if (own.length === 0) return undefined;
    const reach = reachOf(plan, span);
    const isWhole = new Begun(plan, begun).isWhole; // else it matters what has begun since
    const around = await source.pieces(isWhole ? reach : {...reach, begin: Math.min(reach.begin, from)});
    const beside = await Promise.all(neighboursOf(plan).map(({series}) => series.pieces(span)));
    const content = [around, ...beside].map((pieces) => pieces.map(({key}) => key));
    const marks = marksIn(plan.marks, span).flatMap(toldOf);
    const key = keyOf("validate", generation, plan.recipe, span, content, marks, begun);
    const minTime = own.reduce((time, piece) => Math.min(time, piece.minTime), Infinity);
    const maxTime = own.reduce((time, piece) => Math.max(time, piece.maxTime), -Infinity);
    return {key, minTime: Math.max(span.begin, minTime), maxTime: Math.min(span.end - 1, maxTime)};
  }

  /** The columns with a reading in a span, read once for each content of it. */
  async #columnsIn(span: Required<Range>): Promise<readonly string[]> {
    const keys = (await this.#options.source.pieces(span)).map(({key}) => key);
    return this.#remember(`${keyOf("columns", generation, span.begin, span.end, keys)}.columns.json`, async () => {
      const names = (await this.plan()).columns.map(({column}) => column.name);
      const seen = names.map((name, index) => `bool_or(isfinite(${identifier(name)}::DOUBLE)) AS c${index}`);
      const sql = `SELECT ${["true", ...seen].join(", ")} FROM ${await this.#options.source.relation(span)} WHERE ${within(span)}`;
      const [row] = await this.#options.duck.rows(sql);
      return names.filter((_, index) => row![`c${index}`] === true);
    });
  }

  // ---- Computing ----

  /** The same chunks, once they are there. */
  async #build(chunks: readonly Chunk[]): Promise<readonly Chunk[]> {
    const plan = await this.plan();
    const missing = chunks.filter(({file}) => !isThere(file) && !underway.has(file));
    let before: Promise<unknown> = Promise.resolve();
    for (const batch of batchesOf(missing, plan)) {
      const work = before
        .then(() => this.#compute(batch))
        .finally(() => batch.forEach(({file}) => underway.delete(file)));
      batch.forEach(({file}) => underway.set(file, work));
      before = work;
    }
    await Promise.all(chunks.flatMap(({file}) => underway.get(file) ?? []));
    return chunks;
  }

  /** One batch after the other: each is large in memory. */
  async #compute(batch: readonly Chunk[]): Promise<void> {
    const judged = await this.#judge(batch);
    for (const chunk of batch) {
      await replaceFile(chunk.file, encodeParquet(judged.table(chunk.span)));
      await replaceFile(tallyOf(chunk.file), JSON.stringify(judged.tally(chunk.span)));
      this.#options.built?.(chunk);
    }
  }

  async #judge(batch: readonly Chunk[]): Promise<Judged> {
    const [{duck, source}, plan] = [this.#options, await this.plan()];
    const range = {begin: batch[0]!.span.begin, end: batch.at(-1)!.span.end};
    const marks = batch.flatMap((chunk) => chunk.marks);
    const claims = eachOnce(marks.flatMap(({turns}) => claimsOf(turns)));
    const numbers = await duck.numbers(await readingsSql({plan, source, claims}, range));
    return new Judged(plan, readingsIn(numbers, {plan, claims, begun: batch[0]!.begun}), marks);
  }
}

/** Rows in one go: few enough to fit in memory many times, many enough that a file that holds years is read seldom. */
const mostRows = 150_000;

/** Chunks that follow each other, to be computed together. */
function batchesOf(chunks: readonly Chunk[], {interval}: Plan): readonly (readonly Chunk[])[] {
  const batches: Chunk[][] = [];
  for (const chunk of chunks) {
    const batch = batches.at(-1);
    const follows = batch?.at(-1)!.span.end === chunk.span.begin;
    if (follows && (chunk.span.end - batch[0]!.span.begin) / 1000 / interval <= mostRows) batch.push(chunk);
    else batches.push([chunk]);
  }
  return batches;
}

/** Spans are cut as for bins so wide: months, or less where readings come more often than once a minute. */
function widthOf({interval}: Plan): number {
  return Math.min(15 * 60e6, 10 * interval * 1000);
}

function clipped({begin, end}: Required<Range>, range: Range): Required<Range> {
  return {begin: Math.max(begin, range.begin ?? -Infinity), end: Math.min(end, range.end ?? Infinity)};
}

function neighboursOf({columns}: Plan) {
  return columns.flatMap(({neighbour}) => neighbour ?? []);
}

/** Which of the columns that are tested for gaps have had a reading. */
class Begun {
  readonly #asked: readonly string[];
  readonly #names: Set<string>;

  constructor({columns}: Plan, names: readonly string[] = []) {
    const asked = columns.filter(({criteria}) => criteria.some(({name}) => name === "gap"));
    this.#asked = asked.map(({column}) => column.name);
    this.#names = new Set(names);
  }

  get names(): readonly string[] {
    return [...this.#names].sort();
  }

  get isWhole(): boolean {
    return this.#asked.length === this.#names.size;
  }

  add(names: readonly string[]): void {
    for (const name of names) if (this.#asked.includes(name)) this.#names.add(name);
  }
}

// ---- Files ----

function filesSql(chunks: readonly Chunk[]): string {
  return `read_parquet([${chunks.map(({file}) => literal(file)).join(", ")}], union_by_name = true)`;
}

/** What is counted in a chunk stands beside it, and is written last. */
function tallyOf(file: string): string {
  return file.replace(/parquet$/, "json");
}

function isThere(file: string): boolean {
  return existsSync(tallyOf(file)) && existsSync(file);
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8")) as T;
}

/** A column, and its flags beside it. */
function toldSql(planned: Planned): readonly string[] {
  const {name} = planned.column;
  if (!isTested(planned)) return [identifier(name)];
  const flags = flagColumns(planned.column, testsOf(planned)).map(({name: flag, attributes}) => {
    const place = placeOf(attributes.test as TestName | undefined);
    return `${unpackedSql(identifier(packedName(name)), place)} AS ${identifier(flag)}`;
  });
  return [identifier(name), ...flags];
}

/** A column's tests as people read them. */
function qualityOf(columns: readonly Planned[], {column: name, flags, tests}: ColumnCounts): Quality {
  const {criteria, isMarked} = columns.find(({column}) => column.name === name)!;
  const told = [...criteria, ...(isMarked ? [byHand] : [])].map(
    ({name: test, label, rule, suspect, fail, thresholds}) => ({
      ...{name: test, label, rule, thresholds, flags: tests[test]!},
      ...(suspect === undefined ? {} : {suspect}),
      ...(fail === undefined ? {} : {fail})
    })
  );
  return {flags, tests: told};
}

const byHand: Omit<TestEntry, "flags"> = {
  name: "manual",
  label: "By hand",
  rule: "what people know of a stretch of time, which counts before all tests",
  thresholds: {}
};

/** Work under way in this process, by the files that it makes: two readers of one chunk compute it once. */
const underway = new Map<string, Promise<void>>();
