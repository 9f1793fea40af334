import type {Contents} from "./contents.js";
import {decodeParquet, encodeParquet} from "./parquet.js";
import {portionsOf} from "./portion.js";
import {prepare, stretchesOf, united} from "./readings.js";
import type {OpRecord} from "./record.js";
import {byNode, spanOf, standing} from "./view.js";

/**
 * Neighbouring small versions of a series, made one that says the same. As in a log-structured merge tree (O'Neil et al.,
 * 1996) with tiers: so many of a tier make one of the next, so each reading is written anew once for every tier.
 */
const fanout = 16;
const smallest = 4096; // bytes; smaller versions count as so large

/** What one merge takes at most: all of it is unpacked at once. */
const limit = {versions: fanout ** 2, rows: 500_000, size: 8 * 2 ** 20};

/** Bytes from op files that are held at once. */
const batchLimit = 4 * 2 ** 20;

/** Versions that stand for the same span of versions: one written, or those that one merge made. */
interface Unit {
  readonly records: readonly OpRecord[];
  readonly tier: number;
  readonly size: number; // bytes
  readonly rows: number;
}

/** A series' units, oldest first, but for the newest version: that stays as it was written. */
interface Line {
  units: readonly Unit[];
}

/** Neighbours in a line that are to be merged. */
interface Run {
  readonly line: Line;
  readonly units: readonly Unit[];
}

/** The merged versions of nodes, each given as its standing records, oldest first; of series alone there are any. */
export async function mergedOf(contents: Contents, nodes: Iterable<readonly OpRecord[]>): Promise<OpRecord[]> {
  const lines = [...nodes].filter((node) => node[0]!.kind === "series" && node.length > 2).map(lineOf);
  const made: OpRecord[] = [];
  for (let tier = 0; lines.some(({units}) => units.some((unit) => unit.tier >= tier)); tier++)
    for (const batch of portionsOf(
      lines.flatMap((line) => runsOf(line, tier)),
      batchLimit,
      inlineBytes
    ))
      made.push(...(await mergeAll(contents, batch)));
  return [...byNode(made).values()].flatMap((node) => [...standing(node)]);
}

function lineOf(records: readonly OpRecord[]): Line {
  return {units: unitsOf(records.slice(0, -1)).sort((a, b) => spanIn(a)[0] - spanIn(b)[0])};
}

function unitsOf(records: readonly OpRecord[]): Unit[] {
  const spans = new Map<string, OpRecord[]>();
  for (const record of records) {
    const key = spanOf(record).join();
    spans.set(key, [...(spans.get(key) ?? []), record]);
  }
  return [...spans.values()].map((same) => {
    const sum = (of: (record: OpRecord) => number): number => same.reduce((total, record) => total + of(record), 0);
    const size = sum((record) => record.size);
    return {records: same, tier: tierOf(same[0]!, size), size, rows: sum(({rows = 0}) => rows)};
  });
}

/** How often a unit was merged, by the number of versions in it; a large one counts as if it had grown by merging. */
function tierOf(record: OpRecord, size: number): number {
  const [since, until] = spanOf(record);
  const times = (n: number): number => Math.log(n) / Math.log(fanout);
  return Math.max(Math.ceil(times(until - since + 1) - 1e-9), Math.floor(times(Math.max(1, size / smallest)) + 1e-9));
}

function spanIn({records}: Unit): readonly [number, number] {
  return spanOf(records[0]!);
}

/** Neighbours of a tier or below, of which enough are of that tier. */
function runsOf(line: Line, tier: number): Run[] {
  const runs: Unit[][] = [[]];
  for (const unit of line.units) {
    const run = runs.at(-1)!;
    if (unit.tier <= tier && isRoom(run, unit)) run.push(unit);
    else runs.push(unit.tier <= tier ? [unit] : []);
  }
  const least = leastOf(line, tier);
  const isEnough = (run: readonly Unit[]): boolean => run.filter((unit) => unit.tier === tier).length >= least;
  return runs.filter(isEnough).map((units) => ({line, units}));
}

function isRoom(run: readonly Unit[], unit: Unit): boolean {
  const sum = (of: (unit: Unit) => number): number => run.reduce((total, one) => total + of(one), of(unit));
  return run.length < limit.versions && sum(({rows}) => rows) <= limit.rows && sum(({size}) => size) <= limit.size;
}

/**
 * How many of a tier make one of the next. The first time it is a number of the series' own, from 2 to `fanout`: else
 * series that began together would wait together, and be merged all in one night.
 */
function leastOf({units}: Line, tier: number): number {
  const isFirst = !units.some((unit) => unit.tier > tier && unit.records[0]!.until !== undefined);
  return isFirst ? Math.max(2, digitOf(units[0]!.records[0]!.nodeId, tier) + 1) : fanout;
}

/** One of the random hexadecimal digits that an id begins with. */
function digitOf(nodeId: string, index: number): number {
  return Number.parseInt(nodeId[index % 8]!, fanout);
}

/** Bytes from op files that a run holds while it is merged. */
function inlineBytes(run: Run): number {
  return inlineIn(run).reduce((total, record) => total + record.size, 0);
}

function inlineIn({units}: Run): OpRecord[] {
  return units.flatMap(({records}) => records.filter(({inline}) => inline));
}

/** Merges runs, and puts what comes of them into their lines. */
async function mergeAll(contents: Contents, runs: readonly Run[]): Promise<OpRecord[]> {
  const made: OpRecord[] = [];
  const held = await contents.readAll(runs.flatMap(inlineIn));
  for (const {line, units} of runs) {
    const records = units
      .flatMap((unit) => unit.records)
      .map((record) => ({...record, content: held.get(record) ?? null}));
    const merged = await merge(contents, records, units.length / 2);
    if (merged.length === 0) continue;
    made.push(...merged);
    const [first, ...others] = units;
    line.units = line.units.flatMap((unit) => (unit === first ? unitsOf(merged) : others.includes(unit) ? [] : [unit]));
  }
  return made;
}

/**
 * One version, or a few where the readings pause for long, in the place of several; none where more than `most` would
 * come of it: little is won then, and each needs a number of its own.
 */
async function merge(contents: Contents, records: readonly OpRecord[], most: number): Promise<OpRecord[]> {
  const tables = [];
  for (const record of records) tables.push(decodeParquet(await contents.read(record), record.nodeId));
  const readings = prepare(united(tables), records[0]!.nodeId);
  const stretches = readings === undefined ? [] : stretchesOf(readings);
  if (stretches.length > most) return [];
  const [since, until] = [spanOf(records[0]!)[0], spanOf(records.at(-1)!)[1]];
  return Promise.all(
    stretches.map(async ({table, minTime, maxTime}, i) => {
      const held = await contents.hold(encodeParquet(table));
      const last = records.at(-1)!;
      return {...last, ...held, rows: table.numRows, minTime, maxTime, version: until - i, since, until};
    })
  );
}
