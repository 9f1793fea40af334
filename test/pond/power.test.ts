import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {blobKey} from "../../pond/contents.js";
import {commitKey, decodeActions} from "../../pond/delta.js";
import {Duck} from "../../pond/duck.js";
import {Pond} from "../../pond/pond.js";
import {decodeRecords} from "../../pond/record.js";
import type {Store, Transaction} from "../../pond/types.js";
import {contentOf} from "./content.js";
import {Platter} from "./platter.js";
import type {Call, Left, State} from "./platter.js";
import {readings} from "./readings.js";
import {remoteStore} from "./remote.js";

const root = "/srv/harbour/pond"; // its parents have to be made as well
const writers = ["a", "b"];
const rounds = 6;
const newest = writers.length * rounds;
const sampled = 7919; // one in so many states is opened as a whole
const folders = Array.from({length: 10}, (_, i) => i + 1);

let duck: Duck;
let cache: string;
beforeAll(async () => {
  duck = new Duck();
  cache = await mkdtemp(join(tmpdir(), "pond-"));
});
afterAll(async () => {
  await duck.close();
  await rm(cache, {recursive: true});
});

/** One round of one writer: many directories in one transaction, content of every kind and size, old content again. */
async function work(tx: Transaction, writer: string, round: number): Promise<void> {
  for (const n of folders) await tx.write(`/${writer}/${n}/small`, `${writer}${round}`, {parents: true});
  await tx.write(`/${writer}/1/large`, `${writer}${round % 2}`.repeat(40_000));
  await tx.append(`/${writer}/2/series`, readings([round], {x: [round]}));
  await tx.mkdir(`/${writer}/${round}-new`);
  if (round > 0) await tx.rename(`/${writer}/${round - 1}-new`, `/${writer}/3/${round}-old`);
  if (round > 1) await tx.remove(`/${writer}/3/${round - 1}-old`);
}

/** Runs all rounds, the writers side by side, and tells the platter of each version that is acknowledged. */
async function run(platter: Platter): Promise<void> {
  const first = await Pond.over(remoteStore(root, platter), cache, {create: true});
  platter.acknowledge("0");
  await first.close();
  await Promise.all(
    writers.map(async (writer) => {
      const pond = await Pond.over(remoteStore(root, platter), cache);
      for (let round = 0; round < rounds; round++) {
        const {commit} = await pond.transaction({command: "work"}, (tx) => work(tx, writer, round));
        platter.acknowledge(String(commit!.version));
      }
      await pond.close();
    })
  );
}

/** What readers can tell states apart by: commits, what these name, and blobs, which later writers may find. */
class Reach {
  readonly #platter: Platter;
  readonly #named = new Map<string, readonly string[]>(); // by what is left of a commit
  #settled: string[] = []; // of the commits that every state has whole

  constructor(platter: Platter) {
    this.#platter = platter;
  }

  /** What the state is known by, among those that are possible at the same moment. */
  keyOf(state: State, blobs: readonly string[]): string {
    const seen = this.#settled.slice();
    for (let version = seen.length; ; version++) {
      const commit = fileIn(state, commitPath(version));
      if (commit === undefined) break;
      seen.push(this.#tell(commit, (path) => fileIn(state, path)));
    }
    return [...seen, ...blobs.map((path) => fileIn(state, path)?.id ?? "-")].join(" ");
  }

  /** To be called at each moment: commits that are settled need not be looked at in each of its states. */
  settle(): void {
    for (let version = this.#settled.length; ; version++) {
      const commit = this.#platter.settled(commitPath(version));
      if (commit === undefined || this.#names(commit).some((path) => !this.#platter.settled(path))) return;
      this.#settled.push(this.#tell(commit, (path) => this.#platter.settled(path)));
    }
  }

  #tell(commit: Left, find: (path: string) => Left | undefined): string {
    return [commit.id, ...this.#names(commit).map((path) => find(path)?.id ?? "-")].join();
  }

  #names(commit: Left): readonly string[] {
    const known = this.#named.get(commit.id) ?? namedBy(commit);
    this.#named.set(commit.id, known);
    return known;
  }
}

const commitPath = (version: number): string => `${root}/${commitKey(version)}`;

/** Op files that a commit names; none when it is torn, and then its own id tells it apart. */
function namedBy(commit: Left): string[] {
  try {
    return decodeActions(commit.bytes).flatMap(({add}) => (add ? [`${root}/oplog/${add.path}`] : []));
  } catch {
    return [];
  }
}

function fileIn(state: State, path: string): Left | undefined {
  const found = state(path);
  return found === "directory" ? undefined : found;
}

/** A state that readers can tell from the others, and the newest version that was acknowledged when it came about. */
interface Case {
  readonly files: readonly (readonly [string, Left | "directory"])[];
  acknowledged: number;
}

/** What came of a run: how many states, those that readers can tell apart, and some of the others, as they are. */
interface Outcome {
  readonly platter: Platter;
  readonly cases: readonly Case[];
  readonly samples: readonly Case[];
  readonly states: number;
}

/** After each call of a run, all that a loss of power may leave. */
async function enumerate(seed: number): Promise<Outcome> {
  const platter = new Platter(seed);
  const [reach, cases, samples] = [new Reach(platter), new Map<string, Case>(), [] as Case[]];
  let [states, acknowledged] = [0, -1];
  platter.onCall = ({call, path}) => {
    if (call === "acknowledge") acknowledged = Math.max(acknowledged, Number(path));
    reach.settle();
    const blobs = platter.paths().filter((name) => name.startsWith(`${root}/blobs/`));
    for (const state of platter.states((name) => name.startsWith(`${root}/tmp/`))) {
      const key = reach.keyOf(state, blobs);
      const known = cases.get(key) ?? {files: imageOf(platter, state), acknowledged};
      known.acknowledged = Math.max(known.acknowledged, acknowledged);
      cases.set(key, known);
      if (states++ % sampled === 0) samples.push({files: imageOf(platter, state), acknowledged});
    }
  };
  await run(platter);
  return {platter, cases: [...cases.values()], samples, states};
}

function imageOf(platter: Platter, state: State): [string, Left | "directory"][] {
  return platter.paths().flatMap((path) => {
    const left = state(path);
    return left === undefined ? [] : [[path, left]];
  });
}

/** What a reader must find at each version, and before the first. */
async function expectedOf(platter: Platter): Promise<(version: number) => readonly string[]> {
  const store = remoteStore(root, platter);
  const contents = Array.from({length: newest + 1}, (_, version) => contentOf(store, duck, version));
  const lines = (await Promise.all(contents)).map((content) => content.lines);
  return (version) => lines[version] ?? [];
}

let outcomes: Outcome[] = [];
beforeAll(async () => {
  for (const seed of [1, 2]) outcomes.push(await enumerate(seed));
}, 60_000);
afterAll(() => (outcomes = []));

test("whatever a loss of power leaves, all that was acknowledged is there and nothing by halves", async () => {
  for (const {platter, cases} of outcomes) {
    const expected = await expectedOf(platter);
    expect(cases.length).toBeGreaterThan(newest);
    for (const {files, acknowledged} of cases) {
      const {version, lines} = await contentOf(remoteStore(root, Platter.from(files)), duck);
      expect(version).toBeGreaterThanOrEqual(acknowledged);
      expect(lines).toEqual(expected(version));
    }
  }
  expect(outcomes.reduce((total, {states}) => total + states, 0)).toBeGreaterThanOrEqual(100_000);
});

test("what a loss of power leaves is sound without repair, and work goes on", {timeout: 180_000}, async () => {
  for (const {files, acknowledged} of outcomes.flatMap(({samples}) => samples)) {
    const platter = Platter.from(files);
    const pond = await Pond.over(remoteStore(root, platter), cache, {create: true});
    expect((await pond.fs()).version).toBeGreaterThanOrEqual(acknowledged);
    await pond.transaction({command: "again"}, async (tx) => {
      for (const writer of writers) await tx.remove(`/${writer}`, {recursive: true, force: true});
      for (const writer of writers) for (const round of [0, 1]) await work(tx, writer, round); // blobs that may be left
    });
    expect((await check(pond, {data: true})).problems).toEqual([]);
    await pond.close();
    const survived = [...platter.states(() => false, 1)].map((state) => imageOf(platter, state));
    const again = await contentOf(remoteStore(root, Platter.from(survived[0]!)), duck);
    expect(again).toEqual(await contentOf(remoteStore(root, platter), duck));
  }
});

/** The trace of a run, to be asked what came when. */
class Trace {
  readonly #calls: readonly Call[];

  constructor(calls: readonly Call[]) {
    this.#calls = calls;
  }

  when(call: Call["call"], path: string, after = -1): number {
    const at = this.#calls.findIndex(
      (c, i) => i > after && c.call === call && (call === "link" ? c.to : c.path) === path
    );
    return at < 0 ? Infinity : at;
  }

  /** When a file was durable under its name: written, synced, linked, and its directories synced, in this order. */
  durable(path: string): number {
    const linked = this.when("link", path);
    const temp = this.#calls[linked]!.path;
    const synced = this.when(
      "sync",
      temp,
      this.#calls.findLastIndex((c) => c.call === "write" && c.path === temp)
    );
    expect(synced).toBeLessThan(linked);
    return Math.max(this.when("sync", dirname(path), linked), this.#reachable(dirname(path)));
  }

  /** When a directory and those above it were durable; the disk's root always was. */
  #reachable(path: string): number {
    if (path === "/") return -1;
    return Math.max(this.when("sync", dirname(path), this.when("mkdir", path)), this.#reachable(dirname(path)));
  }
}

/** The files that a version's commit needs. */
async function neededBy(store: Store, version: number): Promise<string[]> {
  const adds = decodeActions(await store.get(commitKey(version))).flatMap(({add}) => add ?? []);
  const needed: string[] = [];
  for (const {path} of adds) {
    const records = await decodeRecords(await store.get(`oplog/${path}`), {path, partId: "", transaction: version});
    const blobs = records.filter(({inline}) => !inline).map(({sha256}) => blobKey(sha256));
    needed.push(`oplog/${path}`, ...blobs);
  }
  return needed.map((key) => `${root}/${key}`);
}

test("nothing is acknowledged before it is durable, nor committed before what it needs is", async () => {
  for (const {platter} of outcomes) {
    const trace = new Trace(platter.trace);
    for (let version = 0; version <= newest; version++) {
      const linked = trace.when("link", commitPath(version));
      for (const path of await neededBy(remoteStore(root, platter), version))
        expect(trace.durable(path)).toBeLessThan(linked);
      expect(trace.durable(commitPath(version))).toBeLessThan(trace.when("acknowledge", String(version)));
    }
  }
});
