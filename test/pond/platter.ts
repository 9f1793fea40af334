import {dirname, join} from "node:path";
import {setImmediate} from "node:timers/promises";
import type {Disk, OpenFile} from "../../pond/disk.js";

/** What a file is made of; names are links to it. Written once, from the front. */
interface Inode {
  readonly id: number;
  bytes: Buffer;
  durable: boolean; // since the last write
  mtimeMs: number;
}

type Node = Inode | "directory";

/** A call that changed the disk, as the trace tells it. */
export interface Call {
  readonly call: "mkdir" | "create" | "write" | "sync" | "link" | "unlink" | "acknowledge";
  readonly path: string;
  readonly to?: string; // of a link
}

/** A file as a loss of power left it. */
export interface Left {
  readonly id: string; // of the inode and of how much of it is left
  readonly bytes: Buffer;
}

/** One state of the disk after a loss of power: what stands under a path, if anything. */
export type State = (path: string) => Left | "directory" | undefined;

/** Ways in which a file that was never synced may come back: without, with some, with wrong bytes, whole. */
const tears: ((bytes: Buffer) => Buffer)[] = [
  () => Buffer.alloc(0),
  (bytes) => bytes.subarray(0, bytes.length >> 1),
  (bytes) => Buffer.alloc(bytes.length),
  (bytes) => Buffer.concat([bytes.subarray(0, bytes.length >> 1), Buffer.alloc(bytes.length - (bytes.length >> 1))]),
  (bytes) => bytes
];

/**
 * A disk in memory that promises no more than POSIX does: after a loss of power a name is there for sure only if its
 * directory was synced since, bytes only if their file was. Names that changed since are each on their own, in any
 * state that they went through; the states are all combinations of these.
 */
export class Platter implements Disk {
  readonly trace: Call[] = [];
  onCall: (call: Call) => void = () => undefined; // after each change
  readonly #now = new Map<string, Node>([["/", "directory"]]);
  readonly #kept = new Map<string, Node>([["/", "directory"]]); // that a loss of power leaves
  readonly #since = new Map<string, (Node | undefined)[]>(); // what became of a name since its directory was synced
  readonly #random: () => number;
  #inodes = 0;

  /** Calls made at the same time are done in an order that the seed decides. */
  constructor(seed = 1) {
    this.#random = randomFrom(seed);
  }

  /** A disk that has what a loss of power left, all of it durable. */
  static from(files: Iterable<readonly [string, Left | "directory"]>): Platter {
    const platter = new Platter();
    for (const [path, left] of files) {
      const node = left === "directory" ? left : platter.#inode(left.bytes, true);
      platter.#now.set(path, node);
      platter.#kept.set(path, node);
    }
    return platter;
  }

  async open(path: string, flags: "r" | "wx"): Promise<OpenFile> {
    await this.#turn();
    if (flags === "wx") this.#create(path);
    const node = this.#get(path);
    const inode = node === "directory" ? this.#inode(Buffer.alloc(0), true) : node;
    return {
      read: async (buffer, offset, length, position) => ({
        bytesRead: inode.bytes.copy(buffer, offset, position, position + length)
      }),
      write: async (buffer, offset, length) => this.#write(path, inode, buffer.subarray(offset, offset + length)),
      stat: async () => ({size: inode.bytes.length}),
      sync: async () => {
        await this.#turn();
        for (let i = Math.floor(this.#random() * 3); i > 0; i--) await setImmediate(); // while others compute
        this.#sync(path, node);
      },
      close: async () => undefined
    };
  }

  async link(existing: string, path: string): Promise<void> {
    await this.#turn();
    const node = this.#get(existing);
    if (this.#now.has(path)) throw failure("EEXIST", path);
    this.#name(path, node, {call: "link", path: existing, to: path});
  }

  async unlink(path: string): Promise<void> {
    await this.#turn();
    this.#get(path);
    this.#name(path, undefined, {call: "unlink", path});
  }

  async mkdir(path: string): Promise<void> {
    if (this.#now.has(path)) throw failure("EEXIST", path);
    this.#name(path, "directory", {call: "mkdir", path});
  }

  async files(directory: string): Promise<readonly string[]> {
    this.#get(join(directory, "."));
    return [...this.#now]
      .filter(([path, node]) => node !== "directory" && isUnder(path, directory))
      .map(([path]) => path);
  }

  async stat(path: string): Promise<{readonly size: number; readonly mtimeMs: number}> {
    const node = this.#get(path);
    return node === "directory" ? {size: 0, mtimeMs: 0} : {size: node.bytes.length, mtimeMs: node.mtimeMs};
  }

  async utimes(path: string, _: Date, mtime: Date): Promise<void> {
    const node = this.#get(path);
    if (node !== "directory") node.mtimeMs = mtime.getTime();
  }

  /** Remembers in the trace that something was acknowledged. */
  acknowledge(what: string): void {
    this.#tell({call: "acknowledge", path: what});
  }

  /** The paths that there may be after a loss of power. */
  paths(): string[] {
    return [...new Set([...this.#kept.keys(), ...this.#since.keys()])];
  }

  /**
   * The states that a loss of power may leave at this moment; of more than `limit` as many, spread evenly, with the
   * first and the last. Names that `isIdle` says nobody reads are there in none.
   */
  *states(isIdle: (path: string) => boolean, limit = 4096): Iterable<State> {
    const names = [...this.#since].filter(([path]) => !isIdle(path));
    const choices = new Map<string | Inode, number>(names.map(([path, nodes]) => [path, nodes.length + 1]));
    for (const node of [...names.flatMap(([, nodes]) => nodes), ...this.#kept.values()])
      if (isTorn(node)) choices.set(node, tears.length);
    const total = [...choices.values()].reduce((product, n) => product * n, 1);
    const step = Math.max(1, (total - 1) / (limit - 1));
    for (let at = 0; at <= total - 1; at += step) yield this.#state(choices, Math.floor(at), isIdle);
  }

  #state(choices: ReadonlyMap<string | Inode, number>, index: number, isIdle: (path: string) => boolean): State {
    const chosen = new Map<string | Inode, number>();
    for (const [what, n] of choices) {
      chosen.set(what, index % n);
      index = Math.floor(index / n);
    }
    const named = (path: string): Node | undefined => {
      const choice = chosen.get(path) ?? 0;
      return choice === 0 ? this.#kept.get(path) : this.#since.get(path)![choice - 1];
    };
    const isReached = (path: string): boolean =>
      path === "/" || (isReached(dirname(path)) && named(path) !== undefined);
    return (path) => {
      const node = isIdle(path) ? undefined : named(path);
      if (node === undefined || !isReached(path)) return undefined;
      if (node === "directory") return node;
      const tear = isTorn(node) ? (chosen.get(node) ?? 0) : tears.length - 1;
      return {id: `${node.id}.${tear}`, bytes: tears[tear]!(node.bytes)};
    };
  }

  /** The file under a path that every state has, if there is one. */
  settled(path: string): Left | undefined {
    const node = this.#kept.get(path);
    if (node === undefined || node === "directory" || !node.durable || this.#isPending(path)) return undefined;
    return {id: `${node.id}.${tears.length - 1}`, bytes: node.bytes};
  }

  #isPending(path: string): boolean {
    return path !== "/" && (this.#since.has(path) || this.#isPending(dirname(path)));
  }

  async #turn(): Promise<void> {
    for (let i = Math.floor(this.#random() * 8); i > 0; i--) await Promise.resolve();
  }

  #create(path: string): void {
    if (this.#now.has(path)) throw failure("EEXIST", path);
    this.#name(path, this.#inode(Buffer.alloc(0), true), {call: "create", path});
  }

  #write(path: string, inode: Inode, bytes: Uint8Array): {readonly bytesWritten: number} {
    inode.bytes = Buffer.concat([inode.bytes, bytes]);
    inode.durable = false;
    this.#tell({call: "write", path});
    return {bytesWritten: bytes.length};
  }

  #sync(path: string, node: Node): void {
    if (node === "directory") {
      for (const name of [...this.#since.keys()].filter((name) => dirname(name) === path)) {
        this.#since.delete(name);
        const now = this.#now.get(name);
        if (now === undefined) this.#kept.delete(name);
        else this.#kept.set(name, now);
      }
    } else node.durable = true;
    this.#tell({call: "sync", path});
  }

  #inode(bytes: Buffer, durable: boolean): Inode {
    return {id: this.#inodes++, bytes, durable, mtimeMs: Date.now()};
  }

  #get(path: string): Node {
    const node = this.#now.get(path);
    if (node === undefined) throw failure("ENOENT", path);
    return node;
  }

  #name(path: string, node: Node | undefined, call: Call): void {
    if (this.#now.get(dirname(path)) !== "directory") throw failure("ENOENT", path);
    if (node === undefined) this.#now.delete(path);
    else this.#now.set(path, node);
    this.#since.set(path, [...(this.#since.get(path) ?? []), node]);
    this.#tell(call);
  }

  #tell(call: Call): void {
    this.trace.push(call);
    this.onCall(call);
  }
}

function isTorn(node: Node | undefined): node is Inode {
  return node !== undefined && node !== "directory" && !node.durable;
}

function isUnder(path: string, directory: string): boolean {
  return path.startsWith(join(directory, "/"));
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** An error as the operating system gives it. */
export function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), {code});
}
