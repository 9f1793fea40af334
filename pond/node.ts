import {createReadStream} from "node:fs";
import {readFile} from "node:fs/promises";
import {join} from "node:path";
import type {Asked} from "./asked.js";
import type {Contents} from "./contents.js";
import {sizeOf} from "./disk.js";
import type {Duck} from "./duck.js";
import {PondError} from "./error.js";
import {childOf, nameOf} from "./path.js";
import {hash} from "./record.js";
import type {Entry} from "./record.js";
import {columnsOf, seriesKey, StoredSeries} from "./series.js";
import type {DynamicDirectory, DynamicNode, NodeKind, Series, Stat, Version} from "./types.js";
import type {Shown, View} from "./view.js";
import {entriesOf} from "./view.js";

/**
 * Something that has a path: stored, or computed by a dynamic directory. What it cannot do, it refuses. `asker` is in
 * whose name it is asked, none for a reader.
 */
export interface Node {
  readonly path: string; // absolute, normalised
  readonly kind: NodeKind;
  readonly target?: string; // symlinks
  stat(): Stat;
  names(asker?: Asked): Promise<readonly string[]>; // of a directory: its entries, sorted
  lookup(name: string, asker?: Asked): Promise<Node | undefined>;
  read(): Promise<Uint8Array>;
  stream(): AsyncIterable<Uint8Array>; // the same, piece by piece
  versions(): Promise<readonly Version[]>;
  restated(): Promise<number | undefined>; // of a series that is stored
  series(): Series;
}

/** What nodes need of the filesystem that they are in. */
export interface Tree {
  readonly view: View;
  readonly contents: Contents;
  readonly duck: Duck;
  computed(node: StoredNode): Node; // what a dynamic node computes, always the same
}

export function isDirectory(node: Node): boolean {
  return node.kind === "directory" || node.kind === "dynamic";
}

function refuse(node: Node, code: "NOT_A_DIRECTORY" | "IS_A_DIRECTORY" | "NOT_A_SERIES", wanted: string): PondError {
  return new PondError(code, `${node.path} is a ${node.kind}, not a ${wanted}.`, {path: node.path, kind: node.kind});
}

/** A node that the log holds. */
export class StoredNode implements Node {
  readonly path: string;
  readonly entry: Entry;
  readonly records: readonly Shown[]; // oldest first, at least one
  readonly #tree: Tree;

  constructor(tree: Tree, path: string, entry: Entry, records: readonly Shown[]) {
    this.#tree = tree;
    this.path = path;
    this.entry = entry;
    this.records = records;
  }

  get kind(): NodeKind {
    return this.entry.kind;
  }

  get newest(): Shown {
    return this.records.at(-1)!;
  }

  get target(): string | undefined {
    if (this.kind !== "symlink") return undefined;
    const {content} = this.newest;
    if (content === null) throw new PondError("CORRUPT", `The symlink ${this.path} has no target.`, {path: this.path});
    return Buffer.from(content).toString("utf8");
  }

  stat(): Stat {
    const {newest, records, target} = this;
    const isSeries = this.kind === "series";
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const begins = records.flatMap((record) => record.minTime ?? []);
    const ends = records.flatMap((record) => record.maxTime ?? []);
    return {
      path: this.path,
      name: nameOf(this.path),
      kind: this.kind,
      nodeId: this.entry.nodeId,
      partId: this.entry.partId,
      version: newest.version,
      modified: newest.timestamp,
      size: isSeries ? sum(records.map((record) => record.size)) : newest.size,
      sha256: newest.sha256,
      rows: isSeries ? sum(records.map((record) => record.rows ?? 0)) : newest.rows,
      minTime: isSeries ? begins.reduce((a, b) => Math.min(a, b), Infinity) : newest.minTime,
      maxTime: isSeries ? ends.reduce((a, b) => Math.max(a, b), -Infinity) : newest.maxTime,
      ...(target === undefined ? {} : {target}),
      attributes: newest.attributes
    };
  }

  async names(asker?: Asked): Promise<readonly string[]> {
    if (this.kind === "dynamic") return this.#tree.computed(this).names(asker);
    return [...(await this.entries()).keys()];
  }

  async entries(): Promise<ReadonlyMap<string, Entry>> {
    if (this.kind !== "directory") throw refuse(this, "NOT_A_DIRECTORY", "directory");
    return entriesOf(this.newest, this.#tree.contents);
  }

  async lookup(name: string, asker?: Asked): Promise<Node | undefined> {
    if (this.kind === "dynamic") return this.#tree.computed(this).lookup(name, asker);
    const entry = (await this.entries()).get(name);
    return entry && loadNode(this.#tree, childOf(this.path, name), entry);
  }

  async read(): Promise<Uint8Array> {
    if (isDirectory(this)) throw refuse(this, "IS_A_DIRECTORY", "file");
    if (this.kind === "series" && this.records.length > 1) return readSeries(this.#tree, this.series());
    return this.#tree.contents.read(this.newest);
  }

  async *stream(): AsyncIterable<Uint8Array> {
    if (isDirectory(this)) throw refuse(this, "IS_A_DIRECTORY", "file");
    if (this.kind === "series" && this.records.length > 1) yield* streamSeries(this.#tree, this.series());
    else yield* this.#tree.contents.stream(this.newest);
  }

  /** As they were written; what was merged shows only where maintenance was allowed to let the written ones go. */
  async versions(): Promise<readonly Version[]> {
    return (await this.#history()).map(({version, transaction, timestamp, sha256, size, rows, minTime, maxTime}) => ({
      ...{version, transaction, timestamp, sha256, size, rows, minTime, maxTime}
    }));
  }

  async restated(): Promise<number | undefined> {
    if (this.kind !== "series") return undefined;
    const series = new StoredSeries(this.path, await this.#history(), this.#tree.contents);
    const [row] = await this.#tree.duck.rows(`FROM ${await series.restated()}`);
    return row!.readings as number;
  }

  /** The versions as they were written, while these are kept, and merged ones where they are not. */
  async #history(): Promise<readonly Shown[]> {
    const records = (await this.#tree.view.history(this.entry.partId)).get(this.entry.nodeId) ?? [];
    const written = new Set(records.filter(({until}) => until === undefined).map(({version}) => version));
    return records.filter(({version, until}) => until === undefined || !written.has(version));
  }

  /** The first version that has a column. */
  async firstWith(column: string): Promise<number> {
    const records = (await this.#tree.view.history(this.entry.partId)).get(this.entry.nodeId) ?? [];
    const first = records.find(({attributes}) => columnsOf(attributes).some(({name}) => name === column));
    return (first ?? this.newest).version;
  }

  series(): Series {
    if (this.kind === "series") return new StoredSeries(this.path, this.records, this.#tree.contents);
    if (this.kind !== "table") throw refuse(this, "NOT_A_SERIES", "series");
    if (this.newest.minTime === undefined && this.newest.rows !== 0)
      throw new PondError("NOT_A_SERIES", `The table ${this.path} has no column timestamp.`, {path: this.path});
    return new StoredSeries(this.path, [this.newest], this.#tree.contents);
  }
}

/** Finds a stored node's records. */
export async function loadNode(tree: Tree, path: string, entry: Entry): Promise<StoredNode> {
  const records = (await tree.view.partition(entry.partId)).get(entry.nodeId);
  if (records !== undefined) return new StoredNode(tree, path, entry, records);
  const sentence = `${path} is listed, but partition ${entry.partId} has no record of it; run pond check.`;
  throw new PondError("CORRUPT", sentence, {path, ...entry});
}

/** What a dynamic node computes, as a node. */
export function nodeOf(tree: Tree, source: StoredNode, directory: DynamicDirectory, asked: Asked): Node {
  return new ComputedNode(tree, source, source.path, {node: {kind: "directory", directory}, asked});
}

/** What a dynamic directory computes, and in whose name that asks. */
interface Computed {
  readonly node: DynamicNode;
  readonly asked: Asked;
}

/** A node that a dynamic directory computes. Lists and children are computed once, unless that fails. */
class ComputedNode implements Node {
  readonly path: string;
  readonly #tree: Tree;
  readonly #source: StoredNode;
  readonly #node: DynamicNode;
  readonly #asked: Asked; // in whose name its directory asks
  readonly #children = new Map<string, Promise<Node | undefined>>();
  #names: Promise<readonly string[]> | undefined;

  constructor(tree: Tree, source: StoredNode, path: string, {node, asked}: Computed) {
    this.#tree = tree;
    this.#source = source;
    this.path = path;
    this.#node = node;
    this.#asked = asked;
  }

  get kind(): NodeKind {
    return this.#node.kind;
  }

  /** What a computed node is made of is known; its size and span only when it is read. */
  stat(): Stat {
    const {entry, newest} = this.#source;
    return {
      path: this.path,
      name: nameOf(this.path),
      kind: this.kind,
      nodeId: uuidOf(`${entry.nodeId}${this.path.slice(this.#source.path.length)}`),
      partId: entry.nodeId,
      version: newest.version,
      modified: newest.timestamp,
      size: 0,
      attributes: {}
    };
  }

  async names(asker?: Asked): Promise<readonly string[]> {
    return this.#asked.answer(asker, () => {
      this.#names ??= this.#directory().list();
      this.#names.catch(() => (this.#names = undefined));
      return this.#names;
    });
  }

  lookup(name: string, asker?: Asked): Promise<Node | undefined> {
    return this.#asked.answer(asker, () => {
      const known = this.#children.get(name) ?? this.#compute(name);
      this.#children.set(name, known);
      known.catch(() => this.#children.delete(name));
      return known;
    });
  }

  async #compute(name: string): Promise<Node | undefined> {
    const node = await this.#directory().get(name);
    if (node === undefined) return undefined;
    const asked = (node.kind === "directory" && node.asked) || this.#asked;
    return new ComputedNode(this.#tree, this.#source, childOf(this.path, name), {node, asked});
  }

  #directory(): DynamicDirectory {
    if (this.#node.kind !== "directory") throw refuse(this, "NOT_A_DIRECTORY", "directory");
    return this.#node.directory;
  }

  async read(): Promise<Uint8Array> {
    if (this.#node.kind === "directory") throw refuse(this, "IS_A_DIRECTORY", "file");
    return this.#node.kind === "file" ? this.#node.read() : readSeries(this.#tree, this.#node.series);
  }

  async *stream(): AsyncIterable<Uint8Array> {
    if (this.#node.kind === "series") yield* streamSeries(this.#tree, this.#node.series);
    else yield await this.read();
  }

  async versions(): Promise<readonly Version[]> {
    return [];
  }

  async restated(): Promise<undefined> {
    return undefined;
  }

  series(): Series {
    if (this.#node.kind !== "series") throw refuse(this, "NOT_A_SERIES", "series");
    return this.#node.series;
  }
}

/** A UUID that the text always gives. */
function uuidOf(text: string): string {
  return hash(text).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
}

async function readSeries(tree: Tree, series: Series): Promise<Uint8Array> {
  return readFile(await seriesFile(tree, series));
}

async function* streamSeries(tree: Tree, series: Series): AsyncIterable<Uint8Array> {
  yield* createReadStream(await seriesFile(tree, series), {highWaterMark: 1 << 20}) as AsyncIterable<Uint8Array>;
}

/** All readings of a series as one Parquet file, kept under cache/ by what they are made of. */
async function seriesFile({duck, contents}: Tree, series: Series): Promise<string> {
  const file = join(contents.cache, "series", `${await seriesKey(series)}.parquet`);
  if ((await sizeOf(file)) === undefined)
    await duck.copy(`SELECT * FROM ${await series.relation()} ORDER BY timestamp`, file);
  return file;
}
