import {putRecords} from "./commit.js";
import type {Contents} from "./contents.js";
import type {Action, AddAction} from "./delta.js";
import {compacted, past} from "./log.js";
import {mergedOf} from "./merge.js";
import {recordsOf} from "./outline.js";
import {portionsOf} from "./portion.js";
import {weightOf} from "./record.js";
import type {OpFile, OpRecord} from "./record.js";
import {byNode, standing} from "./view.js";

/** So many op files that transactions left in a partition are compacted. */
const freshLimit = 8;

/** An op file grows to about this many bytes by compaction: it takes several times as much memory to write and to read. */
const sizeLimit = 2 * 2 ** 20;

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
 * by those who ask for it. Neighbouring small versions of a series are merged into one that says the same. Of files that
 * compaction made, those are made anew that are small beside what comes, or of which most is superseded, so that what is
 * written follows from what came and not from what there is. The files are put, but are nothing before they are committed.
 */
export async function rewrite(
  contents: Contents,
  files: readonly OpFile[],
  {now, horizon}: {readonly now: number; readonly horizon?: Horizon}
): Promise<Rewrite | undefined> {
  const newest = files.filter(({isPast}) => !isPast);
  if (!isMany(newest) && horizon === undefined) return undefined;
  const plan = await survey(contents, files, horizon);
  const opened = chosenOf(newest, plan);
  const [shown, superseded] = parted(
    [...opened.flatMap((file) => plan.records.get(file)!), ...plan.merged],
    plan.isShown
  );
  const older = files.filter(({isPast}) => isPast);
  const reread = withSmall(older.filter(plan.isLosing), older, weightOf(superseded));
  if (opened.length + reread.length === 0) return undefined;
  const pastRecords = [...[...(await recordsIn(contents, reread, plan.records)).values()].flat(), ...superseded];
  const keptShown = shown.filter(plan.isKept);
  const keptPast = pastRecords.filter(plan.isKept);
  const adds = await putAll(contents, files[0]!.partId, keptShown, keptPast);
  return {
    actions: [
      ...[...opened, ...reread].map(({path}) => ({remove: {path, deletionTimestamp: now, dataChange: false}})),
      ...adds.map((add) => ({add: {...add, modificationTime: now, dataChange: false}}))
    ],
    files: opened.length + reread.length,
    merged: plan.versions,
    dropped: shown.length - keptShown.length + pastRecords.length - keptPast.length
  };
}

/** Whether transactions left so many op files that they are compacted. */
function isMany(newest: readonly OpFile[]): boolean {
  return newest.filter(({isCompacted}) => !isCompacted).length >= freshLimit;
}

/** What is in op files, and what is to become of it. */
interface Plan {
  readonly isDue: boolean; // whether those of what is newest are made anew
  readonly records: ReadonlyMap<OpFile, readonly OpRecord[]>; // without content, of the files that were looked into
  readonly merged: readonly OpRecord[]; // new ones
  readonly versions: number; // that those stand for
  readonly isShown: (record: OpRecord) => boolean; // by the newest snapshot
  readonly isKept: (record: OpRecord) => boolean;
  readonly isLosing: (file: OpFile) => boolean; // whether some of its records are let go
}

/** Looks into the op files of what is newest, and into those of the past when some of that is to be let go. */
async function survey(contents: Contents, files: readonly OpFile[], horizon?: Horizon): Promise<Plan> {
  const newest = files.filter(({isPast}) => !isPast);
  const records = await recordsIn(contents, horizon === undefined ? newest : files);
  const recordsOf = (some: readonly OpFile[]): OpRecord[] => some.flatMap((file) => records.get(file) ?? []);
  const keptOf = (merged: readonly OpRecord[]): ((record: OpRecord) => boolean) =>
    horizon === undefined ? () => true : keeper(horizon, [...recordsOf(files), ...merged]);
  const isDue = isMany(newest) || !recordsOf(newest).every(keptOf([]));
  const before = standingOf(recordsOf(newest));
  const merged = isDue ? await mergedOf(contents, before) : [];
  const shown = new Set(standingOf([...recordsOf(newest), ...merged]).flat());
  const isShown = (record: OpRecord): boolean => shown.has(record);
  const isKept = keptOf(merged);
  const isLosing = (file: OpFile): boolean => !recordsOf([file]).every(isKept);
  const versions = before.flat().filter((record) => !isShown(record)).length;
  return {isDue, records, merged, versions, isShown, isKept, isLosing};
}

/** The op files of what is newest that are made anew. */
function chosenOf(newest: readonly OpFile[], {isDue, records, isShown, isLosing}: Plan): readonly OpFile[] {
  if (!isDue) return [];
  const isOver = (file: OpFile): boolean => {
    const [shown, superseded] = parted(records.get(file)!, isShown);
    return weightOf(superseded) > weightOf(shown);
  };
  return withSmall(
    newest.filter((file) => !file.isCompacted || isLosing(file) || isOver(file)),
    newest
  );
}

/** Files that are made anew, and with them those that are at most twice as large as what comes: so sizes double at least. */
function withSmall(chosen: readonly OpFile[], all: readonly OpFile[], coming = 0): readonly OpFile[] {
  const made = [...chosen];
  let size = chosen.reduce((total, {bytes}) => total + bytes, coming);
  const others = all.filter((file) => !chosen.includes(file) && file.bytes < sizeLimit);
  for (const file of others.sort((a, b) => a.bytes - b.bytes)) {
    if (file.bytes > 2 * size) break;
    made.push(file);
    size += file.bytes;
  }
  return made;
}

async function recordsIn(
  contents: Contents,
  files: readonly OpFile[],
  known: ReadonlyMap<OpFile, readonly OpRecord[]> = new Map()
): Promise<ReadonlyMap<OpFile, readonly OpRecord[]>> {
  const records = new Map<OpFile, readonly OpRecord[]>();
  for (const file of files) records.set(file, known.get(file) ?? (await recordsOf(contents, file)));
  return records;
}

/** Of each node what the newest snapshot shows. */
function standingOf(records: readonly OpRecord[]): (readonly OpRecord[])[] {
  const sorted = [...records].sort((a, b) => a.version - b.version);
  return [...byNode(sorted).values()].map((node) => (node[0]!.kind === "series" ? standing(node) : node.slice(-1)));
}

function parted(records: readonly OpRecord[], isFirst: (record: OpRecord) => boolean): [OpRecord[], OpRecord[]] {
  return [records.filter(isFirst), records.filter((record) => !isFirst(record))];
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
    ...filesOf(shown).map((records) => [records, compacted] as const),
    ...filesOf(superseded).map((records) => [records, past] as const)
  ];
  for (const [records, tags] of all) {
    const transactions = records.map(({transaction}) => transaction);
    const held = await contents.readAll(records.filter(({inline}) => inline));
    const whole = records.map((record) => ({...record, content: held.get(record) ?? null}));
    const add = await putRecords(contents.store, partId, whole, transactions);
    adds.push({...add, tags: {...add.tags, ...tags}});
  }
  return adds;
}

function filesOf(records: readonly OpRecord[]): OpRecord[][] {
  return portionsOf(records, sizeLimit, (record) => weightOf([record]));
}
