import type {RecordBatch, Table} from "apache-arrow";
import {Asked} from "./asked.js";
import type {Contents} from "./contents.js";
import type {Duck} from "./duck.js";
import {isPondError, PondError} from "./error.js";
import {compile} from "./glob.js";
import {isDirectory, loadNode, nodeOf} from "./node.js";
import type {Node, StoredNode, Tree} from "./node.js";
import {childOf, nameOf, namesOf, normalize, parentOf} from "./path.js";
import {query} from "./query.js";
import type {QueryOptions} from "./query.js";
import type {DynamicFactory, Match, Range, Reader, Series, Stat, Version} from "./types.js";
import {batchesOf} from "./stream.js";
import type {View} from "./view.js";
import {rootEntry} from "./view.js";

/** Symlinks followed on one path before it counts as a loop, as Linux has it. */
const linkLimit = 40;

/** What a filesystem stands on. */
export interface Ground {
  readonly contents: Contents;
  readonly duck: Duck;
  readonly dynamic: Readonly<Record<string, DynamicFactory>>;
}

/** What was computed and found in a filesystem, whoever asked. */
interface Known {
  computed: Map<string, Node>; // by path
  readonly globs: Map<string, {readonly asked: Asked; found?: Promise<readonly Match[]>}>; // by pattern
}

/** A filesystem over a snapshot: what it shows never changes. */
export class FS implements Reader, Tree {
  readonly view: View;
  readonly contents: Contents;
  readonly duck: Duck;
  readonly #factories: Readonly<Record<string, DynamicFactory>>;
  readonly #asker: Asked | undefined; // in whose name it is asked
  readonly #known: Known;

  constructor(view: View, ground: Ground, asker?: Asked, known: Known = {computed: new Map(), globs: new Map()}) {
    this.view = view;
    this.contents = ground.contents;
    this.duck = ground.duck;
    this.#factories = ground.dynamic;
    this.#asker = asker;
    this.#known = known;
  }

  askedBy(asker: Asked): FS {
    const {view, contents, duck} = this;
    return new FS(view, {contents, duck, dynamic: this.#factories}, asker, this.#known);
  }

  get version(): number {
    return this.view.version;
  }

  async stat(path: string): Promise<Stat> {
    return {...(await this.node(path)).stat(), ...named(normalize(path))};
  }

  async lstat(path: string): Promise<Stat> {
    return this.#told(await this.node(path, false), normalize(path));
  }

  async readlink(path: string): Promise<string | undefined> {
    return (await this.find(path, false))?.target;
  }

  async exists(path: string): Promise<boolean> {
    return (await this.find(path)) !== undefined;
  }

  async list(path: string): Promise<readonly Stat[]> {
    const node = await this.node(path);
    const stats: Stat[] = [];
    for (const name of await node.names(this.#asker)) {
      const child = await node.lookup(name, this.#asker);
      if (child !== undefined) stats.push(await this.#told(child, childOf(normalize(path), name)));
    }
    return stats;
  }

  async *walk(path: string): AsyncIterable<Stat> {
    for (const stat of await this.list(path)) {
      yield stat;
      if (stat.kind === "directory" || stat.kind === "dynamic") yield* this.walk(stat.path);
    }
  }

  /** What matches a pattern, looked for once per snapshot. */
  glob(pattern: string): Promise<readonly Match[]> {
    const {globs} = this.#known;
    const known = globs.get(pattern) ?? {asked: new Asked(pattern)};
    globs.set(pattern, known);
    return known.asked.answer(this.#asker, () => {
      known.found ??= this.askedBy(known.asked).#glob(pattern);
      known.found.catch(() => globs.delete(pattern)); // so that a file put back is found
      return known.found;
    });
  }

  async #glob(pattern: string): Promise<readonly Match[]> {
    const glob = compile(pattern);
    const found = new Map<string, Stat>();
    await this.#match("/", glob.levels, found);
    const matches = [...found.values()].flatMap((stat) => {
      const captures = glob.match(stat.path);
      return captures === undefined ? [] : [{path: stat.path, captures, stat}];
    });
    return matches.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async read(path: string): Promise<Uint8Array> {
    return (await this.node(path)).read();
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    yield* (await this.node(path)).stream();
  }

  async versions(path: string): Promise<readonly Version[]> {
    return (await this.node(path)).versions();
  }

  async restated(path: string): Promise<number | undefined> {
    return (await this.node(path)).restated();
  }

  async series(path: string): Promise<Series> {
    const series = (await this.node(path)).series();
    return (this.#asker && series.askedBy?.(this.#asker)) ?? series;
  }

  async *batches(path: string, range?: Range): AsyncIterable<RecordBatch> {
    yield* batchesOf(this.duck, await this.series(path), range);
  }

  query(sql: string, options?: QueryOptions): Promise<Table> {
    return query(this, sql, options);
  }

  /** A directory to work from: relative paths start there. */
  async directory(path: string): Promise<WD> {
    const node = await this.node(path);
    if (isDirectory(node)) return new WD(this, normalize(path));
    throw new PondError("NOT_A_DIRECTORY", `${path} is a ${node.kind}, not a directory.`, {path});
  }

  /** The node at a path, symlinks followed (the last one only if asked); throws NOT_FOUND, NOT_A_DIRECTORY, LOOP. */
  async node(path: string, follow = true): Promise<Node> {
    let names = namesOf(normalize(path));
    let node: Node = await this.root();
    let links = 0;
    for (let i = 0; i < names.length; i++) {
      if (!isDirectory(node)) throw through(path, node);
      const child: Node | undefined = await node.lookup(names[i]!, this.#asker);
      if (child === undefined) throw absent(path, {parent: node.path, name: names[i]!});
      node = child;
      if (child.target === undefined || (i === names.length - 1 && !follow)) continue;
      if (++links > linkLimit) throw loop(path);
      names = [...namesOf(normalize(child.target, parentOf(child.path))), ...names.slice(i + 1)];
      node = await this.root();
      i = -1;
    }
    return node;
  }

  /** The node at a path, or undefined when nothing is there. */
  async find(path: string, follow = true): Promise<Node | undefined> {
    return this.node(path, follow).catch((error: unknown) => {
      if (isPondError(error, "NOT_FOUND", "NOT_A_DIRECTORY", "LOOP")) return undefined;
      throw error;
    });
  }

  /** Where a path leads when symlinks stand there: perhaps to where nothing is yet. */
  protected async landing(path: string): Promise<string> {
    let full = normalize(path);
    for (let links = 0; links <= linkLimit; links++) {
      const node = await this.find(full, false);
      if (node?.target === undefined) return full;
      full = normalize(node.target, parentOf(node.path));
    }
    throw loop(path);
  }

  /** What a dynamic node computes, once per snapshot. */
  computed(node: StoredNode): Node {
    const known = this.#known.computed.get(node.path);
    if (known !== undefined) return known;
    const {factory, config} = node.newest.attributes as {factory: string; config: unknown};
    const make = this.#factories[factory];
    if (make === undefined) {
      const sentence = `${node.path} is computed by ${factory}, which this program does not have; open the pond with it.`;
      throw new PondError("UNSUPPORTED", sentence, {path: node.path, factory});
    }
    const {cache} = this.contents;
    const asked = new Asked(node.path);
    const directory = make(config, {fs: this.askedBy(asked), cache, path: node.path, duck: this.duck});
    const made = nodeOf(this, node, directory, asked);
    this.#known.computed.set(node.path, made);
    return made;
  }

  /** Forgets what was computed and found: a transaction does after each write. */
  protected recompute(): void {
    this.#known.computed = new Map();
    this.#known.globs.clear();
  }

  protected root(): Promise<Node> {
    return loadNode(this, "/", rootEntry);
  }

  async #told(node: Node, path: string): Promise<Stat> {
    const stat = {...node.stat(), ...named(path)};
    if (node.kind !== "symlink") return stat;
    return {...stat, dangling: (await this.find(path)) === undefined};
  }

  async #match(path: string, levels: readonly (RegExp | "**")[], found: Map<string, Stat>): Promise<void> {
    const [level, ...rest] = levels;
    if (level === undefined) return void found.set(path, await this.lstat(path));
    if (level === "**") await this.#match(path, rest, found);
    const node = await this.find(path);
    if (node === undefined || !isDirectory(node)) return;
    for (const name of await node.names(this.#asker)) {
      if (level !== "**" && !level.test(name)) continue;
      const child = childOf(path, name);
      if (level !== "**") await this.#match(child, rest, found);
      else if (isDirectory(await this.node(child, false))) await this.#match(child, levels, found);
      else if (rest.length === 0) found.set(child, await this.lstat(child));
    }
  }
}

/** A path in a filesystem and what stands there. */
export class NodePath {
  readonly fs: FS;
  readonly path: string;

  constructor(fs: FS, path: string) {
    this.fs = fs;
    this.path = path;
  }

  node(): Promise<Node> {
    return this.fs.node(this.path);
  }

  stat(): Promise<Stat> {
    return this.fs.stat(this.path);
  }

  read(): Promise<Uint8Array> {
    return this.fs.read(this.path);
  }
}

/** A working directory. */
export class WD extends NodePath {
  /** A path from here. */
  at(path: string): NodePath {
    return new NodePath(this.fs, normalize(path, this.path));
  }

  directory(path: string): Promise<WD> {
    return this.fs.directory(normalize(path, this.path));
  }

  list(): Promise<readonly Stat[]> {
    return this.fs.list(this.path);
  }

  /** A glob from here. */
  glob(pattern: string): Promise<readonly Match[]> {
    return this.fs.glob(normalize(pattern, this.path));
  }
}

function named(path: string): Pick<Stat, "path" | "name"> {
  return {path, name: nameOf(path)};
}

function absent(path: string, {parent, name}: {readonly parent: string; readonly name: string}): PondError {
  const sentence = `There is no ${childOf(parent, name)} in the pond; pond list ${parent} shows what is there.`;
  return new PondError("NOT_FOUND", sentence, {path});
}

function loop(path: string): PondError {
  return new PondError("LOOP", `${path} leads through more than ${linkLimit} symlinks.`, {path});
}

function through(path: string, node: Node): PondError {
  const sentence = `${path} leads through ${node.path}, which is a ${node.kind} and not a directory.`;
  return new PondError("NOT_A_DIRECTORY", sentence, {path, through: node.path});
}
