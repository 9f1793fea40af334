import {putRecords} from "./commit.js";
import type {Contents} from "./contents.js";
import type {Action, AddAction} from "./delta.js";
import {compacted, past} from "./log.js";
import {decodeParquet, encodeParquet} from "./parquet.js";
import {prepare, stretchesOf, united} from "./readings.js";
import {decodeRecords} from "./record.js";
import type {OpFile, OpRecord} from "./record.js";
import {byNode, spanOf, standing} from "./view.js";

/** Op files of what is newest that a partition may have before they are compacted. */
const fileLimit = 8;

/**
 * So many neighbouring versions of about one size are made one; of a merged series few are left at each size. Series
 * that grow side by side wait for up to half as many more, each for its own number, so that not all are merged in one night.
 */
const fanout = 16;
const smallest = 4096; // bytes; smaller versions count as so large
const largest = 3; // times that a version grows by merging, so up to 16 MiB
const rowLimit = 500_000;

/** An op file grows to about this many bytes by compaction: it takes several times as much memory to write and to read. */
const sizeLimit = 8 * 2 ** 20;

/** What may be let go: records that no snapshot from a version on shows, and nodes that none of them leads to. */
export interface Horizon {
  readonly version: number;
  readonly isWanted: (nodeId: string) => boolean;
}

/** What a rewrite does to a partition. */
export interface Rewrite {
  readonly actions: readonly Action[];
  readonly files: number; // op files replaced
  readonly merged: number; // versions of series that merged ones stand for now
  readonly dropped: number; // records let go
}

/**
 * Makes the op files of a partition few: what the newest snapshot shows, and apart from it the past, which is read only
 * by those who ask for it. Neighbouring small versions of a series are merged into one that says the same.
 * The files are put, but are nothing before they are committed.
 */
export async function rewrite(
  contents: Contents,
  files: readonly OpFile[],
  {now, horizon}: {readonly now: number; readonly horizon?: Horizon}
): Promise<Rewrite | undefined> {
  const newest = files.filter((file) => !file.isPast);
  const isFew = countOf(newest) <= fileLimit;
  if (isFew && horizon === undefined) return undefined;
  const records = await recordsIn(contents, newest);
  const shown = new Set<OpRecord>();
  for (const node of byNode(records).values()) {
    const isSeries = node[0]!.kind === "series";
    const kept = standing(node);
    const newestOf = isSeries ? standing([...kept, ...(await mergeRuns(contents, kept))]) : kept.slice(-1);
    for (const record of newestOf) shown.add(record);
  }
  const superseded = records.filter((record) => !shown.has(record));
  const pastFiles = files.filter((file) => file.isPast);
  const reread = horizon === undefined ? smallLast(pastFiles, superseded.length) : pastFiles;
  const pastRecords = [...(await recordsIn(contents, reread)), ...superseded];
  const isKept = horizon === undefined ? () => true : keeper(horizon, [...shown, ...pastRecords]);
  const keptShown = [...shown].filter(isKept);
  const keptPast = pastRecords.filter(isKept);
  const dropped = shown.size - keptShown.length + pastRecords.length - keptPast.length;
  if (isFew && dropped === 0) return undefined;
  const replaced = [...newest, ...reread];
  const adds = await putAll(contents, files[0]!.partId, keptShown, keptPast);
  return {
    actions: [
      ...replaced.map(({path}) => ({remove: {path, deletionTimestamp: now, dataChange: false}})),
      ...adds.map((add) => ({add: {...add, modificationTime: now, dataChange: false}}))
    ],
    ...{files: replaced.length, merged: superseded.filter(({kind}) => kind === "series").length, dropped}
  };
}

/** How many op files there are, those that one compaction made counted as one. */
function countOf(files: readonly OpFile[]): number {
  const fresh = files.filter(({isCompacted}) => !isCompacted).length;
  return fresh + (fresh < files.length ? 1 : 0);
}

async function recordsIn(contents: Contents, files: readonly OpFile[]): Promise<OpRecord[]> {
  const records: OpRecord[] = [];
  for (const file of files) records.push(...decodeRecords(await contents.opFile(file), file, true));
  return records.sort((a, b) => a.version - b.version);
}

/** The newest files of the past that are not larger than what comes, so that each record is rewritten seldom. */
function smallLast(files: readonly OpFile[], coming: number): readonly OpFile[] {
  if (coming === 0) return [];
  let rows = coming;
  let from = files.length;
  for (; from > 0 && files[from - 1]!.rows <= 2 * rows && files[from - 1]!.size < sizeLimit; from--)
    rows += files[from - 1]!.rows;
  return files.slice(from);
}

/** Whether a record of a node is still shown by a snapshot at or after the horizon. */
function keeper({version, isWanted}: Horizon, all: readonly OpRecord[]): (record: OpRecord) => boolean {
  const kept = new Set<OpRecord>();
  for (const node of byNode([...all].sort((a, b) => a.version - b.version)).values()) {
    if (!isWanted(node[0]!.nodeId)) continue;
    const before = node.filter(({transaction}) => transaction <= version);
    const then = node[0]!.kind === "series" ? standing(before) : before.slice(-1);
    for (const record of [...then, ...node.filter(({transaction}) => transaction > version)]) kept.add(record);
  }
  return (record) => kept.has(record);
}

async function putAll(
  contents: Contents,
  partId: string,
  shown: readonly OpRecord[],
  superseded: readonly OpRecord[]
): Promise<Omit<AddAction, "modificationTime" | "dataChange">[]> {
  const adds = [];
  const all = [
    ...chunks(shown).map((chunk) => [chunk, compacted] as const),
    ...chunks(superseded).map((chunk) => [chunk, past] as const)
  ];
  for (const [records, tags] of all) {
    const transactions = records.map(({transaction}) => transaction);
    const add = await putRecords(contents.store, partId, records, transactions);
    adds.push({...add, tags: {...add.tags, ...tags}});
  }
  return adds;
}

function chunks(records: readonly OpRecord[]): OpRecord[][] {
  const made: OpRecord[][] = [];
  let size = Infinity;
  for (const record of records) {
    if (size > sizeLimit) {
      made.push([]);
      size = 0;
    }
    made.at(-1)!.push(record);
    size += 256 + (record.content?.length ?? 0);
  }
  return made;
}

/** Versions that stand for the same span of versions: one written, or those that one merge made. */
interface Unit {
  readonly records: readonly OpRecord[];
  readonly tier: number; // how often it could have grown by merging
  readonly rows: number;
}

function unitsOf(records: readonly OpRecord[]): Unit[] {
  const spans = new Map<string, OpRecord[]>();
  for (const record of records) {
    const key = spanOf(record).join();
    spans.set(key, [...(spans.get(key) ?? []), record]);
  }
  return [...spans.values()].map((same) => {
    const size = same.reduce((total, record) => total + record.size, 0);
    const tier = Math.floor(Math.log(Math.max(1, size / smallest)) / Math.log(fanout) + 1e-9);
    return {records: same, tier, rows: same.reduce((total, record) => total + (record.rows ?? 0), 0)};
  });
}

/** The merged versions of a series' small neighbours. The newest version stays as it was written. */
async function mergeRuns(contents: Contents, records: readonly OpRecord[]): Promise<readonly OpRecord[]> {
  if (records[0]?.kind !== "series" || records.length <= fanout) return [];
  const made: OpRecord[] = [];
  let units = unitsOf(records.slice(0, -1)).sort((a, b) => spanOf(a.records[0]!)[0] - spanOf(b.records[0]!)[0]);
  const number = [...records[0].nodeId].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const least = fanout + (number % (fanout / 2));
  for (let tier = 0; tier < largest; tier++)
    for (const run of runsOf(units, tier, least)) {
      const merged = await merge(contents, run);
      if (merged.length === 0) continue;
      made.push(...merged);
      units = units.flatMap((unit) => (unit === run[0] ? unitsOf(merged) : run.includes(unit) ? [] : [unit]));
    }
  return standing(made);
}

/** Neighbours of a tier or below that are enough to be merged. */
function runsOf(units: readonly Unit[], tier: number, least: number): Unit[][] {
  const runs: Unit[][] = [[]];
  for (const unit of units) {
    const run = runs.at(-1)!;
    const rows = run.reduce((total, {rows: own}) => total + own, unit.rows);
    if (unit.tier <= tier && run.length < fanout ** 2 && rows <= rowLimit) run.push(unit);
    else runs.push(unit.tier <= tier ? [unit] : []);
  }
  return runs.filter((run) => run.length >= least);
}

/** One version, or a few where the readings pause for long, in the place of several. */
async function merge(contents: Contents, run: readonly Unit[]): Promise<OpRecord[]> {
  const records = run.flatMap((unit) => unit.records);
  const tables = [];
  for (const record of records) tables.push(decodeParquet(await contents.read(record), record.nodeId));
  const readings = prepare(united(tables), records[0]!.nodeId);
  if (readings === undefined) return [];
  const [since, until] = [spanOf(records[0]!)[0], spanOf(records.at(-1)!)[1]];
  const stretches = stretchesOf(readings);
  if (2 * stretches.length > run.length) return []; // nothing is won, and each needs a number of its own
  return Promise.all(
    stretches.map(async ({table, minTime, maxTime}, i) => {
      const held = await contents.hold(encodeParquet(table));
      const last = records.at(-1)!;
      return {...last, ...held, rows: table.numRows, minTime, maxTime, version: until - i, since, until};
    })
  );
}
