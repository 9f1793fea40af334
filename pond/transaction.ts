import {createHash, randomUUID} from "node:crypto";
import type {RecordBatch, Table} from "apache-arrow";
import {bodyOf} from "./contents.js";
import type {Body} from "./contents.js";
import {PondError} from "./error.js";
import {FS} from "./fs.js";
import type {Ground} from "./fs.js";
import {isDirectory, StoredNode} from "./node.js";
import {childOf, isWithin, nameOf, normalize, parentOf} from "./path.js";
import {decodeParquet, encodeParquet} from "./parquet.js";
import {attributesOf, gathered, prepare, stretchesOf} from "./readings.js";
import type {Readings} from "./readings.js";
import {encodeEntries, hash, inlineLimit, rawTimes} from "./record.js";
import type {Entry, NewRecord} from "./record.js";
import {selected} from "./selection.js";
import type {Piece, Stretch} from "./selection.js";
import {columnsOf, mergeColumns} from "./series.js";
import type {Appended, Column, NodeKind, Pieces, Selection, Staged, Transaction, WriteOptions} from "./types.js";
import type {Partition, Shown, Snapshot, View} from "./view.js";
import {merge} from "./view.js";

/** A snapshot with the records of an unfinished transaction over it; remembers which partitions were read. */
export class Draft implements View {
  readonly base: Snapshot;
  readonly time: number; // ms since 1970, of the transaction
  readonly reads = new Set<string>();
  readonly #pending = new Map<string, NewRecord[]>(); // by partition
  readonly #merged = new Map<string, Partition>();

  constructor(base: Snapshot, time: number) {
    this.base = base;
    this.time = time;
  }

  get version(): number {
    return this.base.version;
  }

  get timestamp(): number {
    return this.time;
  }

  /** The log's state below, for SQL over it: what is not committed is not in the log. */
  get state(): Snapshot["state"] {
    return this.base.state;
  }

  async partition(id: string): Promise<Partition> {
    this.reads.add(id);
    const known = this.#merged.get(id);
    if (known !== undefined) return known;
    const base = await this.base.partition(id);
    const fresh = this.#fresh(id);
    const merged = fresh.length === 0 ? base : merge(base, fresh);
    this.#merged.set(id, merged);
    return merged;
  }

  async history(id: string): Promise<Partition> {
    const base = await this.base.history(id);
    this.reads.add(id);
    return merge(base, this.#fresh(id));
  }

  #fresh(id: string): readonly Shown[] {
    return (this.#pending.get(id) ?? []).map((record) => ({...record, transaction: this.version + 1}));
  }

  /** Adds a record; `replace` drops the one that this transaction wrote for the node before. */
  put(record: NewRecord, replace: boolean): void {
    const others = (this.#pending.get(record.partId) ?? []).filter(
      ({nodeId, version}) => !(replace && nodeId === record.nodeId && version === record.version)
    );
    this.#set(record.partId, [...others, record]);
  }

  /** Drops what this transaction wrote for a node. */
  forget(partId: string, nodeId: string): void {
    this.#set(
      partId,
      (this.#pending.get(partId) ?? []).filter((record) => record.nodeId !== nodeId)
    );
  }

  /** What was put so far, to go back to. */
  mark(): ReadonlyMap<string, NewRecord[]> {
    return new Map(this.#pending);
  }

  /** Forgets what was put since. */
  goBack(mark: ReadonlyMap<string, NewRecord[]>): void {
    this.#pending.clear();
    for (const [partId, records] of mark) this.#pending.set(partId, records);
    this.#merged.clear();
  }

  pendingOf(partId: string, nodeId: string): readonly NewRecord[] {
    return (this.#pending.get(partId) ?? []).filter((record) => record.nodeId === nodeId);
  }

  /** The records to commit, by partition; a directory that ended as it began is not one. */
  async records(): Promise<ReadonlyMap<string, readonly NewRecord[]>> {
    const kept = new Map<string, readonly NewRecord[]>();
    for (const [partId, records] of this.#pending) {
      const base = await this.base.partition(partId);
      const changed = records.filter(
        (record) => record.kind !== "directory" || base.get(record.nodeId)?.at(-1)?.sha256 !== record.sha256
      );
      if (changed.length > 0) kept.set(partId, changed);
    }
    return kept;
  }

  #set(partId: string, records: NewRecord[]): void {
    if (records.length > 0) this.#pending.set(partId, records);
    else this.#pending.delete(partId);
    this.#merged.delete(partId);
  }
}

/** Pieces as a body, of which nothing but what stands in a record is held. */
async function bodyIn(pieces: Pieces, path: string): Promise<Body> {
  const digest = createHash("sha256");
  let [size, held]: [number, Uint8Array[]] = [0, []];
  for await (const piece of pieces()) {
    digest.update(piece);
    size += piece.length;
    held = size <= inlineLimit ? [...held, piece] : [];
  }
  if (size <= inlineLimit) return bodyOf(Buffer.concat(held));
  const sha256 = digest.digest("hex");
  return {content: () => unchanged(pieces(), {sha256, path}), inline: false, sha256, size};
}

/** The pieces, and an error at their end when they are not those that have the hash. */
async function* unchanged(
  pieces: AsyncIterable<Uint8Array>,
  {sha256, path}: {readonly sha256: string; readonly path: string}
): AsyncIterable<Uint8Array> {
  const digest = createHash("sha256");
  for await (const piece of pieces) {
    digest.update(piece);
    yield piece;
  }
  if (digest.digest("hex") === sha256) return;
  const sentence = `What is written to ${path} changed while it was read; write it again when it is at rest.`;
  throw new PondError("BAD_CONTENT", sentence, {path});
}

type Facts = Pick<NewRecord, "rows" | "minTime" | "maxTime">;

/** The write side of a filesystem. Large content goes to the store at once, the records with the commit. */
export class Tx extends FS implements Transaction {
  readonly draft: Draft;

  constructor(draft: Draft, ground: Ground) {
    super(draft, ground);
    this.draft = draft;
  }

  async mkdir(path: string, {recursive = false}: {readonly recursive?: boolean} = {}): Promise<void> {
    const full = normalize(path);
    const found = await this.find(full, false);
    if (found !== undefined && recursive && (await this.#leadsToDirectory(full))) return;
    if (found !== undefined) throw exists(full, found.kind);
    if (recursive && !(await this.exists(parentOf(full)))) await this.mkdir(parentOf(full), {recursive});
    await this.#create(full, "directory", bodyOf(encodeEntries([])), {});
  }

  async #leadsToDirectory(path: string): Promise<boolean> {
    const found = await this.find(path);
    return found !== undefined && isDirectory(found);
  }

  async write(path: string, content: Uint8Array | string | Pieces, options: WriteOptions = {}): Promise<void> {
    const body = typeof content === "function" ? await bodyIn(content, path) : bodyOf(content);
    await this.#put(await this.#place(path, "file", options), "file", body, {}, options.attributes);
  }

  async append(
    path: string,
    readings: Table | AsyncIterable<RecordBatch> | Selection | Staged,
    options: WriteOptions = {}
  ): Promise<Appended> {
    let appended: Appended = {rows: 0};
    if ("sql" in readings || "pieces" in readings) {
      const columns = readings.columns.map((column) => ({...column, type: "DOUBLE"}));
      const pieces = "pieces" in readings ? readings.pieces : selected(this.duck, this.contents.cache, readings, path);
      for await (const piece of pieces) {
        await this.#appendOne(path, {...piece, columns}, options);
        appended = joined(appended, piece);
      }
      return appended;
    }
    for await (const table of gathered(readings)) {
      const prepared = prepare(table, path, await this.#known(path));
      if (prepared === undefined) continue;
      for (const {table, ...stretch} of stretchesOf(prepared))
        await this.#appendOne(path, {...stretch, content: encodeParquet(table), rows: table.numRows}, options);
      appended = joined(appended, {...prepared, rows: prepared.table.numRows});
    }
    return appended;
  }

  async #appendOne(path: string, stretch: Piece & Pick<Readings, "columns">, options: WriteOptions): Promise<void> {
    const {columns, rows, minTime, maxTime} = stretch;
    const facts = {rows, minTime, maxTime};
    const body = "sha256" in stretch ? stretch : bodyOf(stretch.content);
    const place = await this.#place(path, "series", options);
    if (place.node !== undefined) await this.#reconcile(place.node, columns);
    const known = columnsOf(place.node?.newest.attributes ?? {});
    const attributes = {...options.attributes, columns: mergeColumns(known, columns)};
    await this.#put(place, "series", body, facts, attributes);
  }

  async #known(path: string): Promise<readonly Column[]> {
    const node = await this.find(path);
    return node instanceof StoredNode ? columnsOf(node.newest.attributes) : [];
  }

  /** A column is of one type through all versions of a series, or they would not be one when read. */
  async #reconcile(node: StoredNode, columns: readonly Column[]): Promise<void> {
    const known = new Map(columnsOf(node.newest.attributes).map(({name, type}) => [name, type]));
    const wrong = columns.find(({name, type}) => (known.get(name) ?? type) !== type);
    if (wrong === undefined) return;
    const {name, type} = wrong;
    const version = await node.firstWith(name);
    const sentence = `Column ${name} of the readings for ${node.path} is ${type}, and ${known.get(name)!} since version ${version}; give it as that, or under another name.`;
    throw new PondError("BAD_CONTENT", sentence, {
      path: node.path,
      column: name,
      type,
      known: known.get(name),
      version
    });
  }

  async table(path: string, content: Table, options: WriteOptions = {}): Promise<void> {
    const bytes = encodeParquet(content);
    const attributes = {...options.attributes, columns: await this.#columns(bytes, content)};
    const place = await this.#place(path, "table", options);
    await this.#put(place, "table", bodyOf(bytes), {rows: content.numRows, ...spanOf(bytes, path)}, attributes);
  }

  async symlink(target: string, path: string): Promise<void> {
    normalize(target);
    const full = normalize(path);
    const found = await this.find(full, false);
    if (found !== undefined) throw exists(full, found.kind);
    await this.#create(full, "symlink", bodyOf(target), {});
  }

  async dynamic(path: string, factory: string, config: unknown): Promise<void> {
    const place = await this.#place(path, "dynamic", {parents: true});
    await this.#put(place, "dynamic", bodyOf(""), {}, {factory, config});
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [normalize(from), normalize(to)];
    const node = await this.#stored(source);
    const into = await this.#parent(target);
    const replaced = await this.find(target, false);
    if (replaced?.path === node.path) return; // the same, perhaps by another way
    if (isDirectory(node) && isWithin(into.path, node.path))
      throw new PondError("BAD_PATH", `${from} cannot move into itself at ${to}.`, {from, to});
    if (replaced !== undefined) await this.#replace(node, replaced as StoredNode);
    await this.#relist(await this.#parent(node.path), (entries) => entries.delete(node.entry.name));
    const entry = {...node.entry, name: nameOf(target)};
    const landing = childOf(into.path, entry.name); // where the way led before: a link on it may have moved or gone
    await this.#relist(await this.#parent(landing), (entries) => entries.set(entry.name, entry));
  }

  /** What stands where something moves to gives way as with rename(2): file for file, empty directory for directory. */
  async #replace(node: StoredNode, replaced: StoredNode): Promise<void> {
    const {path, kind} = replaced;
    if (kind === "directory" && node.kind !== "directory")
      throw new PondError("IS_A_DIRECTORY", `${path} is a directory, and a ${node.kind} cannot take its place.`, {
        path
      });
    if (kind !== "directory" && node.kind === "directory")
      throw new PondError("NOT_A_DIRECTORY", `${path} is a ${kind}, and a directory cannot take its place.`, {path});
    await this.remove(replaced.path);
  }

  async remove(
    path: string,
    {recursive = false, force = false}: {readonly recursive?: boolean; readonly force?: boolean} = {}
  ): Promise<void> {
    const full = normalize(path);
    if (full === "/") throw new PondError("BAD_PATH", "The root cannot be removed.", {path});
    if (force && (await this.find(full, false)) === undefined) return;
    const node = await this.#stored(full);
    if (node.kind === "directory" && !recursive && (await node.names()).length > 0)
      throw new PondError("NOT_EMPTY", `The directory ${full} is not empty; remove it recursively.`, {path: full});
    await this.#relist(await this.#parent(full), (entries) => entries.delete(nameOf(full)));
    await this.#forget(node);
  }

  async attempt<T>(body: () => Promise<T>): Promise<T> {
    const mark = this.draft.mark();
    try {
      return await body();
    } catch (error) {
      this.draft.goBack(mark);
      this.recompute();
      throw error;
    }
  }

  /** Records of this transaction that nothing leads to any more are not written. */
  async #forget(node: StoredNode): Promise<void> {
    const partId = node.kind === "directory" ? node.entry.nodeId : node.entry.partId;
    const isNew = node.records.length === this.draft.pendingOf(partId, node.entry.nodeId).length;
    if (node.kind === "directory" && isNew)
      for (const name of await node.names()) await this.#forget((await node.lookup(name)) as StoredNode);
    if (isNew) this.draft.forget(partId, node.entry.nodeId);
  }

  /** A node for writing: not one that is computed. */
  async #stored(path: string): Promise<StoredNode> {
    const node = await this.node(path, false);
    if (node instanceof StoredNode) return node;
    throw new PondError("READ_ONLY", `${path} is computed; change what it is computed from.`, {path});
  }

  /** The directory that a path stands in, for writing. */
  async #parent(path: string): Promise<StoredNode> {
    const node = await this.node(parentOf(path));
    if (node.kind === "directory" && node instanceof StoredNode) return node;
    if (isDirectory(node))
      throw new PondError("READ_ONLY", `${path} is under ${node.path}, which is computed; write elsewhere.`, {path});
    const sentence = `${path} leads through ${node.path}, which is a ${node.kind} and not a directory.`;
    throw new PondError("NOT_A_DIRECTORY", sentence, {path, through: node.path});
  }

  /** Where content goes: a node of the kind, or a path that nothing has. */
  async #place(path: string, kind: NodeKind, {parents}: WriteOptions): Promise<{path: string; node?: StoredNode}> {
    const full = await this.landing(path);
    const node = await this.find(full, false);
    if (node === undefined) {
      if (parents) await this.mkdir(parentOf(full), {recursive: true});
      return {path: full};
    }
    if (!(node instanceof StoredNode))
      throw new PondError("READ_ONLY", `${full} is computed; change what it is computed from.`, {path: full});
    if (node.kind === kind) return {path: full, node};
    if (node.kind === "directory")
      throw new PondError("IS_A_DIRECTORY", `${full} is a directory, not a ${kind}.`, {path: full});
    throw exists(full, node.kind);
  }

  async #put(
    place: {path: string; node?: StoredNode},
    kind: NodeKind,
    body: Body,
    facts: Facts,
    attributes: Readonly<Record<string, unknown>> = {}
  ): Promise<void> {
    if (place.node === undefined) return this.#create(place.path, kind, body, attributes, facts);
    const {entry, newest} = place.node;
    const all = {...newest.attributes, ...attributes};
    const isSame = newest.sha256 === body.sha256 && JSON.stringify(all) === JSON.stringify(newest.attributes);
    if (isSame && kind !== "series") return;
    const replace = kind !== "series" && this.draft.pendingOf(entry.partId, entry.nodeId).length > 0;
    const version = replace ? newest.version : newest.version + 1;
    await this.#record({...entry, kind, version}, body, all, facts, replace);
  }

  async #create(
    path: string,
    kind: NodeKind,
    body: Body,
    attributes: Readonly<Record<string, unknown>>,
    facts: Facts = {}
  ): Promise<void> {
    const parent = await this.#parent(path);
    const nodeId = randomUUID();
    const partId = kind === "directory" ? nodeId : parent.entry.nodeId;
    await this.#record({nodeId, partId, kind, version: 1}, body, attributes, facts, false);
    const entry: Entry = {name: nameOf(path), nodeId, partId, kind};
    await this.#relist(parent, (entries) => entries.set(entry.name, entry));
  }

  /** A directory's next version; all changes of one transaction make one. */
  async #relist(directory: StoredNode, change: (entries: Map<string, Entry>) => unknown): Promise<void> {
    const entries = new Map(await directory.entries());
    change(entries);
    const {entry, newest} = directory;
    const replace = this.draft.pendingOf(entry.nodeId, entry.nodeId).length > 0;
    const version = replace ? newest.version : newest.version + 1;
    const id = {nodeId: entry.nodeId, partId: entry.nodeId, kind: entry.kind, version};
    await this.#record(id, bodyOf(encodeEntries(entries.values())), newest.attributes, {}, replace);
  }

  async #record(
    id: Pick<NewRecord, "nodeId" | "partId" | "kind" | "version">,
    body: Body,
    attributes: Readonly<Record<string, unknown>>,
    facts: Facts,
    replace: boolean
  ): Promise<void> {
    const held = await this.contents.hold(body);
    const {nodeId, partId, kind, version} = id;
    const timestamp = this.draft.time * 1000;
    this.draft.put({nodeId, partId, kind, version, timestamp, ...held, ...facts, attributes}, replace);
    this.recompute();
  }

  async #columns(parquet: Uint8Array, {schema}: Table): Promise<readonly Column[]> {
    const sha256 = hash(parquet);
    const held = {sha256, size: parquet.length, inline: true, content: parquet, nodeId: "", version: 0};
    const file = await this.contents.locate(held);
    const rows = await this.duck.rows(`DESCRIBE FROM read_parquet('${file.replaceAll("'", "''")}')`);
    const told = new Map(schema.fields.map(({name, metadata}) => [name, attributesOf(metadata)]));
    return rows
      .map((row) => ({name: String(row.column_name), type: String(row.column_type)}))
      .filter(({name}) => name !== "timestamp")
      .map((column) => ({...column, attributes: told.get(column.name) ?? {}}));
  }
}

/** The span of a table's column `timestamp`, when it has one in microseconds. */
function spanOf(parquet: Uint8Array, path: string): Facts {
  const column = decodeParquet(parquet, path).getChild("timestamp");
  if (column === null || !String(column.type).startsWith("Timestamp<MICROSECOND")) return {};
  const times = rawTimes(column).filter((_, i) => column.isValid(i));
  if (times.length === 0) return {};
  const least = times.reduce((a, b) => (a < b ? a : b));
  return {minTime: Number(least), maxTime: Number(times.reduce((a, b) => (a > b ? a : b)))};
}

function joined(before: Appended, {rows, minTime, maxTime}: Omit<Stretch, "content">): Appended {
  return {
    rows: before.rows + rows,
    minTime: Math.min(before.minTime ?? Infinity, minTime),
    maxTime: Math.max(before.maxTime ?? -Infinity, maxTime)
  };
}

function exists(path: string, kind: NodeKind): PondError {
  return new PondError("EXISTS", `${path} is there already, a ${kind}; remove it or take another name.`, {path, kind});
}
