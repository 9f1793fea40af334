import {createHash} from "node:crypto";
import {stat} from "node:fs/promises";
import {join} from "node:path";
import type {Reader, Transaction} from "../../pond/types.js";
import {readCache, writeCache} from "../cache.js";
import {
  beginsWith,
  hashOf,
  headOf,
  isGzip,
  isPacked,
  lastLineEnd,
  packedAs,
  packedSize,
  sample,
  segmentsOf
} from "./content.js";
import {Entries, headBytes, idOf} from "./entries.js";
import type {Segment} from "./content.js";
import {memoryOf} from "../resources/memory.js";
import type {Ending, Settled} from "./source.js";
import type {Last} from "./timed.js";

/** What came of a file. */
export interface Taken {
  readonly read: number; // rows with a time
  readonly stored: number; // times that were new or restated
  readonly known: number; // times that the series held already
  readonly empty: number; // times without a value
  readonly aside: number; // times set aside, since their clock was not set
  readonly notes: readonly string[];
}

/** A content that an inbox has taken. */
export interface Entry extends Taken {
  readonly file: string; // as a report names it
  readonly place?: string; // where it was when it was read; none of what was kept before that was told
  readonly into: string;
  readonly how: string; // how it was read, as a hash
  readonly size: number; // bytes
  readonly head: string; // hash of the first of them
  readonly edge: string; // hash of those before the mark
  readonly mark: number; // where the next part begins: behind the last whole line; 0 where a file is read as a whole
  readonly segments: readonly Segment[]; // up to the mark, and up to the end
  readonly settled?: Settled; // how the file is written, as its beginning told
  readonly ending?: Ending; // of a last line without a line feed
  readonly last?: Last; // the last row, where clocks on the wall told the time
}

/** A file as it stands on the host. */
export interface Found {
  readonly path: string;
  readonly place: string; // the same, as seen from the resources, without what the environment says
  readonly size: number; // bytes, when the run began
  readonly into: string;
  readonly how: string;
}

/** What is known of it: all, or how it began, or all but the last line, which is found as it was, or nothing. */
export type Knowledge = {readonly entry: Entry; readonly isWhole: boolean; readonly isEnded: boolean} | undefined;

/** What the host says of a file; equal stamps of a file that had settled mean equal contents. */
interface Stamp {
  readonly id: string; // of the entry
  readonly inode: string;
  readonly state?: string; // none while the file was so fresh that another change might look the same
}

interface Places {
  readonly path: string; // in the pond
  readonly stampFile: string; // on the host
  readonly files: readonly Found[]; // all that the inbox has
}

interface State {
  readonly entries: Iterable<Entry>;
  readonly stamps: Iterable<readonly [path: string, stamp: Stamp]>;
  readonly seen: Iterable<string>;
  readonly added: Iterable<string>;
}

const none = {empty: 0};
const edgeBytes = 65_536;
const segmentLimit = 64;
const absentLimit = 1000;

/**
 * Which contents an inbox has taken, kept in the pond beside what came of each. Beside it, in the cache, stands what the
 * host said of each file, so that those that did not change are not read to find that out; it may be deleted.
 */
export class Ledger {
  readonly #path: string;
  readonly #stampFile: string;
  readonly #files: readonly Found[];
  readonly #entries: Entries;
  readonly #stamps: Map<string, Stamp>;
  readonly #seen: Set<string>;
  readonly #added: Set<string>; // in this run
  readonly #hosts = new Map<string, Host>(); // as files stood before they were read
  readonly #hashes = new Map<string, Promise<readonly Segment[]>>(); // of files as a whole
  #changed = false;

  private constructor({path, stampFile, files}: Places, {entries, stamps, seen, added}: State) {
    this.#path = path;
    this.#stampFile = stampFile;
    this.#files = files;
    this.#entries = new Entries(entries);
    this.#stamps = new Map(stamps);
    this.#seen = new Set(seen);
    this.#added = new Set(added);
  }

  /** What the pond knows; `cache` is the host directory for what the host says, `files` what the inbox has there. */
  static async open(
    name: string,
    fs: Reader,
    {cache, files}: {cache: string; files: readonly Found[]}
  ): Promise<Ledger> {
    const places = {path: memoryOf({kind: "Inbox", name}), stampFile: join(cache, "inbox", `${name}.json`), files};
    const text = (await fs.exists(places.path)) ? new TextDecoder().decode(await fs.read(places.path)) : "{}";
    const {entries: all = []} = JSON.parse(text) as {entries?: readonly Entry[]};
    const entries = await standing(all, fs);
    const known = Object.entries(readCache<Record<string, Stamp>>(places.stampFile) ?? {});
    const told = entries.map((entry) => ({...none, ...entry})); // what was kept before they were told
    return new Ledger(places, {entries: told, stamps: known, seen: [], added: []});
  }

  /** One that may be changed while this stays as it is. */
  copy(): Ledger {
    const places = {path: this.#path, stampFile: this.#stampFile, files: this.#files};
    const [entries, stamps, seen, added] = [this.#entries.all(), this.#stamps, this.#seen, this.#added];
    return new Ledger(places, {entries, stamps, seen, added});
  }

  /** What is known of a file, by its content: nothing where an edit of it was taken back, for then it counts anew. */
  async find(file: Found): Promise<Knowledge> {
    const known = await this.#find(file);
    return known && (await this.#isTakenBack(file, known.entry)) ? undefined : known;
  }

  /**
   * Whether a file has a content again that another followed in its place, or another way to be read, and that one is
   * in no file now. Where it was only moved, or two files changed their names, it is what was stored last that counts.
   */
  async #isTakenBack({place}: Found, entry: Entry): Promise<boolean> {
    const newest = this.#entries.after(place, entry);
    if (!newest) return false;
    if (newest.how !== entry.how) return true;
    for (const {path, size} of this.#files)
      if (size >= newest.size && (await beginsWith(path, newest.segments))) return false;
    return true;
  }

  async #find(file: Found): Promise<Knowledge> {
    const {path, into, how} = file;
    const host = await hostState(path);
    this.#hosts.set(path, host);
    const {size, inode, state} = host;
    const stamp = this.#stamps.get(path);
    const known = stamp && this.#entries.get(stamp.id);
    const stamped = known?.into === into && known.how === how ? known : undefined;
    if (stamped && state !== undefined && stamp!.state === state) return this.#whole(stamped);
    const same = await sameAs(path, this.#entries.ofSize(file, size));
    if (same) {
      this.#stamp(path, same);
      return this.#whole(same);
    }
    if (isGzip(path)) return this.#findPacked(file, await packedSize(path, size));
    if (isPacked(path)) return undefined; // it does not grow
    const head = await headOf(path, headBytes);
    for (const entry of this.#shorter(file, head, size))
      if (await isBeginning(path, entry, entry === stamped && stamp!.inode === inode))
        return {entry, isWhole: false, isEnded: false};
    return undefined;
  }

  /** What is known of that which is packed in a file: logs are when they are rotated, as they were or grown. */
  async #findPacked(file: Found, size: number): Promise<Knowledge> {
    const {path} = file;
    try {
      const alike = this.#shorter(file, await headOf(path, headBytes), Infinity); // of parts, the end tells the last's size
      for (const entry of new Set([...this.#entries.ofSize(file, size), ...alike])) {
        if ((await packedAs(path, entry.segments)) !== "these") continue;
        this.#stamp(path, entry);
        return this.#whole(entry);
      }
      for (const entry of alike)
        if (await packedAs(path, before(entry))) return {entry, isWhole: false, isEnded: false};
    } catch (error) {
      if (!isBroken(error)) throw error; // of what is broken the reading will say so
    }
    return undefined;
  }

  /** Those that a file of so many bytes may have grown from, by its head. */
  #shorter(file: Found, head: Buffer, size: number): readonly Entry[] {
    const alike = this.#entries.beginningAs(file, (bytes) => hashOf(head, bytes));
    return alike.filter((entry) => entry.mark > 0 && entry.size < size).sort((a, b) => b.mark - a.mark);
  }

  #whole(entry: Entry): Knowledge {
    this.#seen.add(idOf(entry));
    const isEnded = entry.ending === "waiting" && !this.#added.has(idOf(entry));
    return {entry, isWhole: !isEnded, isEnded};
  }

  /** Hashes a file that was looked for, for when it is added: this goes on beside the reading of it. */
  async hash({path}: Found): Promise<void> {
    const hashes = segmentsOf(path, [this.#hosts.get(path)!.size]);
    this.#hashes.set(path, hashes);
    await hashes;
  }

  /** Keeps what came of a file, in place of what was known of its beginning; that of a packed one was of another file. */
  async add({path, place, into, how}: Found, {settled, ...came}: Came, beginning?: Entry): Promise<Entry> {
    const {size} = this.#hosts.get(path)!;
    const [before, grows] = isGzip(path) ? [] : [beginning, settled];
    const mark = grows ? await lastLineEnd(path, size) : 0;
    const kept =
      before && before.segments.length < segmentLimit ? before.segments.filter(([end]) => end <= before.mark) : [];
    const from = kept.at(-1)?.[0] ?? 0;
    const ends = [...new Set([mark, size])].filter((end) => end > from);
    const isWhole = from === 0 && ends.length === 1;
    const segments = [...kept, ...(await ((isWhole && this.#hashes.get(path)) || segmentsOf(path, ends, from)))];
    const head = await sample(path, 0, Math.min(headBytes, mark));
    const edge = await sample(path, Math.max(0, mark - edgeBytes), mark);
    const entry: Entry = {
      ...came,
      ...(grows ? {settled: grows} : {}),
      place,
      into,
      how,
      size,
      head,
      edge,
      mark,
      segments
    };
    if (before) this.#entries.delete(idOf(before));
    this.#entries.add(entry);
    this.#seen.add(idOf(entry));
    this.#added.add(idOf(entry));
    this.#changed = true;
    this.#stamp(path, entry);
    return entry;
  }

  /** Lets go of most contents that no file had, once all files were looked for: they would be found to be stored. */
  forgetAbsent(): void {
    const absent = this.#entries
      .ids()
      .filter((id) => !this.#seen.has(id))
      .slice(0, -absentLimit);
    for (const id of absent) this.#entries.delete(id);
    this.#changed ||= absent.length > 0;
  }

  async save(tx: Transaction): Promise<void> {
    await writeCache(this.#stampFile, Object.fromEntries(this.#stamps));
    if (!this.#changed) return;
    const text = JSON.stringify({entries: this.#entries.all()}, null, 1);
    await tx.write(this.#path, text, {parents: true});
  }

  #stamp(path: string, entry: Entry): void {
    const {inode, state} = this.#hosts.get(path)!;
    this.#stamps.set(path, {id: idOf(entry), inode, ...(state === undefined ? {} : {state})});
  }
}

/** What came of a file, and what its next part needs to know. */
export type Came = Taken & Pick<Entry, "file" | "settled" | "last" | "ending">;

/** How files are read, as one word. */
export function howOf(spec: object): string {
  return createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 16);
}

/** Entries but for those whose readings were removed from the pond: such files are read again. */
async function standing(entries: readonly Entry[], fs: Reader): Promise<readonly Entry[]> {
  const brought = entries.filter(({stored, known}) => stored + known > 0).map(({into}) => into);
  const gone = new Set<string>();
  for (const into of new Set(brought)) if (!(await fs.exists(into))) gone.add(into);
  return entries.filter(({into}) => !gone.has(into));
}

/** The first of contents as long as a file that it has; it is read once, however many there are. */
async function sameAs(path: string, entries: readonly Entry[]): Promise<Entry | undefined> {
  const [first] = entries;
  const [whole] = first ? await segmentsOf(path, [first.size]) : [];
  for (const entry of entries) {
    const {segments} = entry;
    const isSame = segments.length === 1 ? segments[0]![1] === whole?.[1] : await beginsWith(path, segments);
    if (isSame) return entry;
  }
  return undefined;
}

/**
 * Whether a file whose first bytes are what they were began as it did when it was taken. One in the same place on the
 * disk is taken for grown when those before the mark are, too; of any other all bytes up to the mark must be.
 */
async function isBeginning(path: string, {edge, mark, segments}: Entry, isSameFile: boolean): Promise<boolean> {
  if ((await sample(path, Math.max(0, mark - edgeBytes), mark)) !== edge) return false;
  return isSameFile || beginsWith(path, before({mark, segments}));
}

/** The parts up to the mark. */
function before({mark, segments}: Pick<Entry, "mark" | "segments">): readonly Segment[] {
  return segments.filter(([end]) => end <= mark);
}

/** What is packed cannot be unpacked. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
}

interface Host {
  readonly size: number;
  readonly inode: string;
  readonly state?: string;
}

/** What the host says of a file. A change within two seconds of another may leave the same times, so those tell nothing. */
async function hostState(path: string): Promise<Host> {
  const {size, dev, ino, mtimeNs, ctimeNs} = await stat(path, {bigint: true});
  const inode = `${dev}:${ino}`;
  const age = Date.now() - Number(ctimeNs > mtimeNs ? ctimeNs : mtimeNs) / 1e6;
  const settled = age > 2000 ? {state: [inode, size, mtimeNs, ctimeNs].join(":")} : {};
  return {size: Number(size), inode, ...settled};
}
