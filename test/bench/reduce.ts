import {execFile} from "node:child_process";
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join, relative} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {stringify} from "yaml";
import {formatCount, formatRows} from "../../loaders/format.js";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {publish} from "../../loaders/site/publish.js";
import {datasetsOf} from "../../loaders/series/dataset.js";
import {reductionOf, type ReduceSpec} from "../../loaders/kinds/reduce.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import {recent, room} from "../../loaders/reduction/recent.js";
import type {Effects, Resource} from "../../loaders/types.js";
import {sync} from "../../pond/disk.js";
import {Pond} from "../../pond/pond.js";
import {Duck, identifier, literal} from "../../pond/duck.js";

/**
 * What a full reduce to five resolutions costs beside SQL by hand that makes the finest alone, of the same readings in
 * the same pond, in turn; and what one more day, one old day restated, and nothing new cost beside that:
 * `npm run bench:reduce`. Beside that, what many datasets cost that come for the first time, and night by night. YEARS (0:
 * many datasets alone), COLUMNS, ROUNDS and NIGHTS may be set; a reading a minute, from the middle of a year on. New days
 * are four days apart, so that they are from all over two months, and old ones five weeks, from three years ago on. Rounds
 * are processes of their own, so that none has what another left, but for the days of a short history and a long one,
 * which come in turn. The figures are for comparing, since the machine decides what they are.
 */

const years = Number(process.env.YEARS ?? 10);
const count = Number(process.env.COLUMNS ?? 20);
const histories = [Math.max(1, years / 10), years];
const rounds = Number(process.env.ROUNDS ?? 3);
const nights = Number(process.env.NIGHTS ?? 16);
const stride = 4; // days from one new day that is measured to the next
const datasets = 100;
const minute = 60e6;
const day = 1440 * minute;
const first = Date.parse("2015-07-01T00:00Z") * 1000;
const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};

const names = Array.from({length: count}, (_, index) => `P${index}.mg/L`);

function resource(kind: string, name: string, source: unknown): Resource {
  const {schema} = kinds.find((one) => one.name === kind)!;
  const place = {file: "/resources.yaml", line: 1, column: 1};
  return {kind, name, description: "", spec: schema.parse(source), source, place};
}

const reduce = resource("Reduce", "all", {
  input: "/in/*",
  output: "/reduced/$0",
  resolutions: ["10m", "1h", "6h", "24h", "7d"]
});

/** Days of readings, stored as one transaction stores them. */
async function store(pond: Pond, from: number, days: number): Promise<void> {
  const values = names.map(
    (name, index) => `round(10 + 5 * sin(i / 1440.0 + ${index}) + random(), 3) AS ${identifier(name)}`
  );
  const select = (begin: number, length: number) =>
    `SELECT make_timestamptz(${first + begin * day} + i * ${minute}) AS timestamp, ${values.join(", ")} FROM range(${length * 1440}) AS t(i)`;
  const sql: string[] = [];
  for (let begin = from; begin < from + days; begin += 365) sql.push(select(begin, Math.min(365, from + days - begin)));
  const columns = names.map((name) => ({name, attributes: {parameter: name.split(".")[0]!, unit: "mg/L"}}));
  await pond.transaction({command: "bench"}, (tx) => tx.append("/in/site", {sql, columns}, {parents: true}));
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** The bins of every shard that was not there before, from the newest snapshot: what a publication asks for. */
async function reduceDue(pond: Pond, before: Set<string>): Promise<void> {
  const fs = await pond.fs();
  const spec = reduce.spec as ReduceSpec;
  for (const dataset of await datasetsOf(spec, fs)) {
    const reduction = await reductionOf(spec, dataset, {fs, cache: pond.cache});
    for (const level of await reduction.levels()) {
      const due = level.shards.filter(({key}) => !before.has(key));
      if (due.length > 0) await reduction.build(level, {begin: due[0]!.cover.begin, end: due.at(-1)!.cover.end});
      due.forEach(({key}) => before.add(key));
    }
  }
}

async function publishAll(pond: Pond, directory: string): Promise<void> {
  const [fs, commits] = [await pond.fs(), await pond.log()];
  await publish({fs, commits, resources: [reduce], effects, cache: pond.cache, directory});
}

/** The finest resolution as one would write it by hand, on all cores, into one file. */
async function byHand(pond: Pond, duck: Duck, target: string): Promise<number> {
  const told = names.flatMap((name) =>
    ["avg", "min", "max", "count"].map((call) => `${call}(${identifier(name)}) AS ${identifier(`${name}.${call}`)}`)
  );
  const relation = await (await (await pond.fs()).series("/in/site")).relation();
  const sql = `SELECT time_bucket(INTERVAL 10 MINUTE, timestamp) AS bin, ${told.join(", ")} FROM ${relation} GROUP BY bin ORDER BY bin`;
  return secondsOf(() => duck.run(`COPY (${sql}) TO ${literal(target)}`));
}

/** What was written before is on the disk: it is to cost nothing of what is measured next, which comes a day later. */
async function written(): Promise<void> {
  await promisify(execFile)("sync");
}

type Measured = Record<string, number>;

/** In a process of its own. `way`: what is measured. */
async function measure(way: string, length: number, directory: string): Promise<Measured> {
  if (way === "network") return network(directory);
  const pond = await pondIn(directory);
  if (way === "nights") return nightly(directory, length);
  if (way === "store") {
    await store(pond, 0, length * 365);
    await run(pond, [reduce], effects);
    return {};
  }
  const duck = new Duck();
  await duck.run("SELECT 1"); // the library is loaded, whoever is measured
  if (way === "hand") {
    await written();
    return {hand: await byHand(pond, duck, join(directory, "hand.parquet")), ...memory()};
  }
  return everything(pond, directory);
}

function pondIn(directory: string): Promise<Pond> {
  return Pond.open(join(directory, "pond"), {create: true, dynamic: dynamicFactories(), effects});
}

/** From nothing. */
async function everything(pond: Pond, directory: string): Promise<Measured> {
  await written();
  const full = await secondsOf(() => reduceDue(pond, new Set()));
  const {peak} = memory();
  return {full, peak: peak!, published: await secondsOf(() => publishAll(pond, join(directory, "published")))};
}

/** Lets go of the bins that this process holds: a night is a process of its own, which has to read them. */
function forget(): void {
  recent.keep("none", {starts: new Float64Array(), columns: new Map()}, room);
}

/** New days and old ones in a pond whose history is reduced and published, night by night. */
class Days {
  readonly #pond: Pond;
  readonly #length: number; // years
  readonly #target: string;
  readonly #before = new Set<string>();
  readonly #took: Record<string, number[]> = {};
  #night = 0;

  constructor(pond: Pond, directory: string, length: number) {
    this.#pond = pond;
    this.#length = length;
    this.#target = join(directory, "published");
  }

  async pass(): Promise<void> {
    const newest = this.#length * 365 + stride * this.#night;
    await store(this.#pond, newest, stride - 1);
    await reduceDue(this.#pond, this.#before);
    await this.#measure("added", newest + stride - 1);
    await this.#measure("restated", this.#old());
    this.#night++;
  }

  /** A day from three years ago on, or of the year that there is. */
  #old(): number {
    const years = Math.min(3, this.#length);
    return 365 * (this.#length - years) + ((37 * this.#night) % (365 * years));
  }

  async #measure(name: string, from: number): Promise<void> {
    await store(this.#pond, from, 1);
    forget();
    await this.#time(name, () => reduceDue(this.#pond, this.#before));
    await this.#time(`${name} published`, () => publishAll(this.#pond, this.#target));
  }

  async #time(name: string, work: () => Promise<unknown>): Promise<void> {
    (this.#took[name] ??= []).push(await secondsOf(work));
  }

  /** Medians, and what it takes where nothing is new. */
  async tell(): Promise<Measured> {
    await this.#time("nothing", () => reduceDue(this.#pond, this.#before));
    await this.#time("nothing published", () => publishAll(this.#pond, this.#target));
    return Object.fromEntries(Object.entries(this.#took).map(([name, seconds]) => [name, median(seconds)]));
  }
}

/** In ponds with a short history and a long one in turn, so that what the machine does else is the same for both. */
async function daily(directories: readonly string[]): Promise<readonly Measured[]> {
  const both: Days[] = [];
  for (const [index, directory] of directories.entries())
    both.push(new Days(await pondIn(directory), directory, histories[index]!));
  for (let night = 0; night < nights; night++) for (const days of both) await days.pass();
  const told: Measured[] = [];
  for (const days of both) told.push(await days.tell());
  return told;
}

/** A new day and an old one as nights bring them: `pond run`, each a process of its own, of all that is in a pond. */
async function nightly(directory: string, length: number): Promise<Measured> {
  const pondCommand = await commandIn(directory, join(directory, "pond"));
  const storeInto = async (from: number, days: number) => {
    const pond = await Pond.open(join(directory, "pond"), {dynamic: dynamicFactories(), effects});
    await store(pond, from, days);
    await pond.close();
    await written();
  };
  await pondCommand("run");
  const [added, restated]: [number[], number[]] = [[], []];
  for (let night = 0; night < nights; night++) {
    const newest = length * 365 + stride * night;
    await storeInto(newest, stride - 1);
    await pondCommand("run");
    await storeInto(newest + stride - 1, 1);
    added.push(await pondCommand("run"));
    await storeInto(Math.max(0, length * 365 - 1100) + 37 * night, 1);
    restated.push(await pondCommand("run"));
  }
  return {added: median(added), restated: median(restated), idle: await pondCommand("run")};
}

/** Has the command run on a pond whose only resource reduces it; gives the seconds that it takes. */
async function commandIn(directory: string, place: string): Promise<(...args: string[]) => Promise<number>> {
  const resources = join(directory, "resources");
  await mkdir(resources);
  const {kind, name, source: spec} = reduce;
  await writeFile(join(resources, "all.yaml"), stringify({apiVersion: "duckpond/v1", kind, metadata: {name}, spec}));
  const command = join(import.meta.dirname, "../../loaders/pond.js");
  return (...args) =>
    secondsOf(() =>
      promisify(execFile)(process.execPath, [command, ...args, "--pond", place, "--resources", resources])
    );
}

/**
 * As many datasets as a large network has, a year of hourly readings each: `pond run` from nothing, again without news,
 * and after each night that brought one more hour of each. Every run is a process of its own.
 */
async function network(directory: string): Promise<Measured> {
  const place = join(directory, "many");
  const pond = await Pond.open(place, {create: true, dynamic: dynamicFactories(), effects});
  const columns = names.slice(0, 4).map((name) => ({name, attributes: {parameter: name.split(".")[0]!, unit: "mg/L"}}));
  const values = (site: number) =>
    columns.map(({name}, index) => `round(10 + sin(i / 24.0 + ${index + site}), 3) AS ${identifier(name)}`);
  const sqlOf = (site: number, from: number, to: number) =>
    `SELECT make_timestamptz(${first} + i * ${60 * minute}) AS timestamp, ${values(site).join(", ")} FROM range(${from}, ${to}) AS t(i)`;
  const collect = (from: number, to: number) =>
    pond.transaction({command: "bench"}, async (tx) => {
      for (let site = 0; site < datasets; site++)
        await tx.append(`/in/site${site}`, {sql: [sqlOf(site, from, to)], columns}, {parents: true});
    });
  const pondCommand = await commandIn(directory, place);
  await pondCommand("kinds"); // the program is compiled, and what it needs of that is kept
  await collect(0, 8760);
  await written();
  const everything = await pondCommand("run");
  await written();
  const copied = await secondsOf(() => copyPlainly(join(place, "cache"), join(directory, "copied")));
  const files = (await filesBelow(join(place, "cache/published"))).length;
  const [idle, empty, night]: [number[], number[], number[]] = [[], [], []];
  for (let count = 0; count < nights; count++) {
    idle.push(await pondCommand("run"));
    empty.push(await pondCommand("kinds"));
  }
  for (let count = 0; count < nights; count++) {
    await collect(8760 + count, 8761 + count);
    await written();
    night.push(await pondCommand("run"));
  }
  await pond.close();
  return {everything, copied, files, idle: median(idle), started: median(empty), night: median(night)};
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, {recursive: true, withFileTypes: true});
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The files that a run made, read and written one by one; what it publishes is synced, as are the directories of that. */
async function copyPlainly(from: string, to: string): Promise<void> {
  const folders = new Set<string>();
  for (const file of await filesBelow(from)) {
    const copy = join(to, relative(from, file));
    await mkdir(dirname(copy), {recursive: true});
    await writeFile(copy, await readFile(file));
    if (!relative(from, file).startsWith("published")) continue;
    await sync(copy);
    folders.add(dirname(copy));
  }
  for (const folder of folders) await sync(folder);
}

function memory(): Measured {
  return {peak: process.resourceUsage().maxRSS / 1024};
}

async function inProcess<T = Measured>(way: string, length: number, ...directories: string[]): Promise<T> {
  const self = join(import.meta.dirname, "reduce.ts");
  const args = ["--import", "tsx", self, way, String(length), ...directories];
  const {stdout} = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as T;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;
}

const made: string[] = [];

/** Goes when all is measured: where many files just went, ext4 takes a while to find room for new ones. */
async function emptyDirectory(): Promise<string> {
  made.push(await mkdtemp(join(tmpdir(), "bench-")));
  return made.at(-1)!;
}

/** All that is there at first, reduced by hand and by us. */
async function round(length: number, directory: string): Promise<Measured> {
  await inProcess("store", length, directory);
  const {hand} = await inProcess("hand", length, directory);
  const full = await inProcess("full", length, directory);
  if ((await readdir(join(directory, "published"))).length === 0) throw new Error("nothing was published");
  return {...full, hand: hand!};
}

/** With a tenth of the history and with all of it, in turn. */
async function tables(): Promise<readonly (readonly Record<string, unknown>[])[]> {
  const all: Measured[][] = histories.map(() => []);
  for (let count = 0; count < rounds; count++) {
    const directories = [await emptyDirectory(), await emptyDirectory()];
    const full: Measured[] = [];
    for (const [index, length] of histories.entries()) full.push(await round(length, directories[index]!));
    const days = await inProcess<Measured[]>("days", 0, ...directories);
    full.forEach((one, index) => all[index]!.push({...one, ...days[index]!}));
  }
  return [histories.map((length, index) => rowOf(length, all[index]!)), [growthOf(all[0]!, all[1]!)]];
}

function medianOf(all: readonly Measured[], name: string): number {
  return median(all.map((one) => one[name]!));
}

function growthOf(few: readonly Measured[], all: readonly Measured[]): Record<string, unknown> {
  const times = (name: string) => (medianOf(all, name) / medianOf(few, name)).toFixed(2);
  return {
    "with more history": `${histories[1]} years to ${histories[0]}`,
    "one more day": times("added"),
    "its publishing": times("added published"),
    "an old day": times("restated"),
    published: times("restated published")
  };
}

function rowOf(length: number, all: readonly Measured[]): Record<string, unknown> {
  const of = (name: string) => medianOf(all, name);
  const share = (name: string) => `${((100 * of(name)) / of("full")).toFixed(1)} %`;
  const ratio = (name: string) => (of(name) / of("hand")).toFixed(2);
  return {
    years: length,
    rows: formatCount(length * 365 * 1440),
    "by hand, finest alone, s": of("hand").toFixed(2),
    "full, s": of("full").toFixed(2),
    ratio: ratio("full"),
    "publish, s": of("published").toFixed(2),
    "its ratio": ratio("published"),
    "one more day, s": of("added").toFixed(3),
    "of full": share("added"),
    "an old day, s": of("restated").toFixed(3),
    "to a new one": (of("restated") / of("added")).toFixed(2),
    "their publishing, s": `${of("added published").toFixed(3)} / ${of("restated published").toFixed(3)}`,
    "nothing, s": `${of("nothing").toFixed(3)} / ${of("nothing published").toFixed(3)}`,
    "peak MB": formatCount(Math.round(Math.max(...all.map(({peak}) => peak!))))
  };
}

async function nightsTable(): Promise<Record<string, unknown>> {
  const directory = await emptyDirectory();
  await inProcess("store", years, directory);
  const {added, restated, idle} = await inProcess("nights", years, directory);
  return {
    years,
    "pond run with a new day, s": added!.toFixed(2),
    "with an old day, s": restated!.toFixed(2),
    ratio: (restated! / added!).toFixed(2),
    "with nothing, s": idle!.toFixed(2)
  };
}

async function networkTable(): Promise<Record<string, unknown>> {
  const directory = await emptyDirectory();
  const {everything, copied, files, idle, started, night} = await inProcess("network", 1, directory);
  return {
    datasets,
    "published files": formatCount(files!),
    "first pond run, s": everything!.toFixed(2),
    "its files copied and synced, s": copied!.toFixed(2),
    ratio: (everything! / copied!).toFixed(2),
    "an hour more of each, s": night!.toFixed(2),
    "nothing new, s": idle!.toFixed(3),
    "pond kinds, s": started!.toFixed(3) // what it takes to start
  };
}

const [way, length, ...directories] = process.argv.slice(2);
if (way === undefined) {
  process.stdout.write(`Medians of ${rounds} rounds, ${count} columns.\n`);
  for (const rows of years > 0 ? [...(await tables()), [await nightsTable()]] : [])
    process.stdout.write(`${formatRows(rows, "table")}\n\n`);
  process.stdout.write(`${formatRows([await networkTable()], "table")}\n`);
  for (const directory of made) await rm(directory, {recursive: true});
} else {
  const told = way === "days" ? daily(directories) : measure(way, Number(length), directories[0]!);
  process.stdout.write(JSON.stringify(await told));
}
process.exit(0); // the engines of the reduction stay open for the next piece of work
