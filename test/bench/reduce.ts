import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {formatCount, formatRows} from "../../loaders/format.js";
import {engine} from "../../loaders/engine.js";
import {Reduction} from "../../loaders/reduction.js";
import {parseResolutions} from "../../loaders/resolution.js";
import type {Piece, Range, Series} from "../../pond/types.js";
import {Duck, identifier, literal} from "../../pond/duck.js";

/**
 * What a full reduce to five resolutions costs beside SQL by hand that makes the finest alone, and what one more day,
 * one old day restated, and nothing new cost beside that: `npm run bench:reduce`. YEARS, COLUMNS and ROUNDS may be
 * set; a reading a minute. The figures are for comparing, since the machine decides what they are.
 */

const years = Number(process.env.YEARS ?? 10);
const count = Number(process.env.COLUMNS ?? 20);
const rounds = Number(process.env.ROUNDS ?? 3);
const ladder = ["10m", "1h", "6h", "24h", "7d"];
const minute = 60e6;
const day = 1440 * minute;
const first = Date.parse("2015-01-01T00:00Z") * 1000;

const names = Array.from({length: count}, (_, index) => `P${index}.mg/L`);

/** Parquet files as a series: later files win. */
class FilesSeries implements Series {
  readonly path = "/bench";
  readonly #files: readonly (Piece & {readonly file: string})[];

  constructor(files: readonly (Piece & {readonly file: string})[]) {
    this.#files = files;
  }

  async columns() {
    return names.map((name) => ({name, type: "DOUBLE", attributes: {}}));
  }

  async pieces({begin = -Infinity, end = Infinity}: Range = {}) {
    return this.#files.filter(({minTime, maxTime}) => maxTime >= begin && minTime < end);
  }

  async relation(range: Range = {}) {
    const files = await this.pieces(range);
    const [last] = files.slice(-1);
    const scan = `SELECT * FROM read_parquet([${files.map(({file}) => literal(file)).join(", ")}])`;
    const condition = ` WHERE timestamp >= make_timestamptz(${range.begin ?? 0}) AND timestamp < make_timestamptz(${range.end ?? 4e15})`;
    const overlaid = files.slice(0, -1).some((file) => last && file.maxTime >= last.minTime);
    if (!overlaid) return `(${scan}${condition})`;
    const columns = names.map((name) => `arg_max(${identifier(name)}, filename) AS ${identifier(name)}`);
    return `(SELECT timestamp, ${columns.join(", ")} FROM read_parquet([${files.map(({file}) => literal(file)).join(", ")}], filename = true)${condition} GROUP BY timestamp)`;
  }
}

/** A file of days, and the piece that it is. */
async function make(duck: Duck, directory: string, [from, days]: [number, number], name: string) {
  const begin = first + from * day;
  const rows = days * 1440;
  const values = names.map(
    (column, index) => `round(10 + 5 * sin(i / 1440.0 + ${index}) + random(), 3) AS ${identifier(column)}`
  );
  const file = join(directory, `${name}.parquet`);
  await duck.copy(
    `SELECT make_timestamptz(${begin} + i * ${minute}) AS timestamp, ${values.join(", ")} FROM range(${rows}) AS t(i)`,
    file
  );
  return {file, key: `${name} ${Math.random()}`, minTime: begin, maxTime: begin + (rows - 1) * minute};
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

async function reduce(series: Series, cache: string): Promise<number> {
  return secondsOf(async () => {
    const reduction = new Reduction(series, {resolutions: parseResolutions(ladder), cache});
    for (const level of await reduction.levels()) await reduction.build(level);
  });
}

/** The finest resolution as one would write it by hand, on all cores. */
function byHand(duck: Duck, files: readonly string[], target: string): Promise<number> {
  const told = names.flatMap((name) =>
    ["avg", "min", "max", "count"].map((call) => `${call}(${identifier(name)}) AS ${identifier(`${name}.${call}`)}`)
  );
  const sql = `SELECT time_bucket(INTERVAL 10 MINUTE, timestamp) AS bin, ${told.join(", ")} FROM read_parquet([${files.map(literal).join(", ")}]) GROUP BY bin ORDER BY bin`;
  return secondsOf(() => duck.run(`COPY (${sql}) TO ${literal(target)}`));
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

async function round(duck: Duck, directory: string, length: number): Promise<Record<string, number>> {
  const files = [];
  for (let year = 0; year < length; year++) files.push(await make(duck, directory, [year * 365, 365], `a${year}`));
  const next = await make(duck, directory, [length * 365, 1], "b-next");
  const old = await make(duck, directory, [Math.max(0, length * 365 - 1100), 1], "c-old");
  const cache = await mkdtemp(join(directory, "cache-"));
  const hand = await byHand(
    duck,
    files.map(({file}) => file),
    join(directory, "hand.parquet")
  );
  const full = await reduce(new FilesSeries(files), cache);
  const added = await reduce(new FilesSeries([...files, next]), cache);
  const restated = await reduce(new FilesSeries([...files, next, old]), cache);
  const nothing = await reduce(new FilesSeries([...files, next, old]), cache);
  await rm(cache, {recursive: true});
  return {hand, full, added, restated, nothing};
}

const duck = new Duck();
const table = [];
for (const length of [Math.max(1, years / 10), years]) {
  const all: Record<string, number>[] = [];
  for (let i = 0; i < rounds; i++) {
    const directory = await mkdtemp(join(tmpdir(), "bench-"));
    all.push(await round(duck, directory, length));
    await rm(directory, {recursive: true});
  }
  const of = (name: string) => median(all.map((one) => one[name]!));
  table.push({
    years: length,
    rows: formatCount(length * 365 * 1440),
    "by hand, finest alone, s": of("hand").toFixed(2),
    "full, s": of("full").toFixed(2),
    ratio: (of("full") / of("hand")).toFixed(2),
    "one more day, s": of("added").toFixed(3),
    "of full": `${((100 * of("added")) / of("full")).toFixed(1)} %`,
    "an old day restated, s": of("restated").toFixed(3),
    "nothing, s": of("nothing").toFixed(3),
    "peak MB": formatCount(Math.round(process.resourceUsage().maxRSS / 1024))
  });
}
process.stdout.write(`Medians of ${rounds} rounds.\n${formatRows(table, "table")}\n`);
await engine.close();
await duck.close();
