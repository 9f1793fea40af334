import {AsyncLocalStorage} from "node:async_hooks";
import {dirname} from "node:path";
import type {Pond} from "../../pond/pond.js";
import type {Commit, Transaction} from "../../pond/types.js";
import {apply, type AppliedRow} from "./apply.js";
import {bounded} from "../bound.js";
import {lastRuns, recordRuns} from "./history.js";
import {cutOff, Journal} from "./journal.js";
import {kindNamed} from "../kind.js";
import {kinds as allKinds} from "../kinds.js";
import {maskOf} from "../resources/mask.js";
import {dependenciesIn, inOrder, sourcesOf} from "./order.js";
import {nameOf} from "../resources/resource.js";
import {quiet, sum} from "../resources/report.js";
import type {Effects, Kind, Report, Resource, RunContext, RunRow} from "../types.js";
import {nearest} from "../word.js";

/** What came of a run. */
export interface RunResult {
  readonly applied: readonly AppliedRow[];
  readonly rows: readonly RunRow[]; // of each resource that has something to run, was in trouble, or is stale
  readonly commits: readonly Commit[]; // none when there was nothing to write
  readonly failed: boolean; // whether any resource was in trouble
}

export interface RunOptions {
  readonly only?: readonly string[]; // run these alone: a name, or Kind/name
  readonly kinds?: readonly Kind[];
}

/**
 * Applies the resources, in one transaction, and runs them, each in its own. One that reads what others write waits for
 * them; independent ones run side by side. One in trouble is reported with its cause and the others go on: what needs it
 * goes on with what it stored before, and is told to be stale. Where nothing was stored and there is no news, nothing is
 * written. Throws a sentence for a name that nothing has, and when the resources cannot be applied.
 */
export async function run(
  pond: Pond,
  resources: readonly Resource[],
  effects: Effects,
  {only, kinds = allKinds}: RunOptions = {}
): Promise<RunResult> {
  const isChosen = isNamed(resources, only);
  const applied = await apply(pond, resources, {kinds});
  const known = await lastRuns(await pond.fs(), pond.cache);
  const told = await recordRuns(pond, cutOff(pond.cache), known);
  const before = told ? await lastRuns(await pond.fs(), pond.cache) : known;
  const journal = new Journal(pond.cache, effects.now);
  try {
    const session = new Session(pond, {effects, kinds, journal});
    const rows = await session.run(resources, {isChosen, before});
    const recorded = await recordRuns(pond, rows, before);
    const commits = [applied.commit, told, ...session.commits, recorded].filter((commit) => commit !== undefined);
    return {applied: applied.rows, rows, commits, failed: rows.some(({errors}) => errors.length > 0)};
  } finally {
    await journal.close();
  }
}

function isNamed(resources: readonly Resource[], only: readonly string[] | undefined): (one: Resource) => boolean {
  if (only === undefined) return () => true;
  const namesOf = (one: Resource) => [one.name, nameOf(one)];
  const known = resources.flatMap(namesOf);
  for (const name of only) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `there are ${resources.map(nameOf).join(", ")}` : `did you mean ${near}`;
    throw new Error(`There is no resource "${name}": ${hint}${near === undefined ? "." : "?"}`);
  }
  return (resource) => namesOf(resource).some((name) => only.includes(name));
}

// ---- Running ----

/** Resources that work at one time: most of what they wait for is a network or a disk. */
const width = 4;

interface Choice {
  readonly isChosen: (resource: Resource) => boolean;
  readonly before: readonly RunRow[]; // how resources fared in runs before
}

/** One resource on its way through the run, and what came of it so far. */
interface Course {
  readonly resource: Resource;
  readonly kind: Kind;
  readonly context: RunContext;
  started?: number; // ms since 1970
  tookMs: number;
  report: Report;
  stale: readonly string[];
}

interface Surroundings {
  readonly effects: Effects;
  readonly kinds: readonly Kind[];
  readonly journal: Journal;
}

/** The run whose transaction this is part of. One for all: Node keeps each of these for as long as a process lives. */
const inside = new AsyncLocalStorage<Session>();

/** One run of several resources, and what it committed. */
class Session {
  readonly commits: Commit[] = [];
  readonly #pond: Pond;
  readonly #effects: Effects;
  readonly #kinds: readonly Kind[];
  readonly #journal: Journal;
  readonly #atOnce = bounded(width);
  readonly #alone = bounded(1);

  constructor(pond: Pond, {effects, kinds, journal}: Surroundings) {
    this.#pond = pond;
    this.#effects = effects;
    this.#kinds = kinds;
    this.#journal = journal;
  }

  /** Takes the chosen resources through start, run and backup; gives a row of each that has something to tell. */
  async run(resources: readonly Resource[], {isChosen, before}: Choice): Promise<readonly RunRow[]> {
    const dependencies = await dependenciesIn(await this.#pond.fs(), resources, this.#kinds);
    const courses = inOrder(resources, dependencies).filter(isChosen).map(this.#courseOf);
    await Promise.all(courses.map((course) => this.#step(course, "start")));
    const ready = courses.filter(({report}) => report.errors.length === 0);
    const sources = sourcesOf(dependencies);
    const done = new Map<Resource, Promise<Telling>>();
    for (const course of courses) {
      const waited = (sources.get(course.resource) ?? []).map((one) => done.get(one) ?? lastOf(one, before));
      done.set(course.resource, this.#after(waited, course, ready.includes(course)));
    }
    await Promise.all(done.values());
    await Promise.all(ready.map((course) => this.#step(course, "backup")));
    const isKnown = ({resource: {kind, name}}: Course) => before.some((row) => row.kind === kind && row.name === name);
    return courses.filter((course) => hasToTell(course) || isKnown(course)).map(this.#rowOf);
  }

  readonly #courseOf = (resource: Resource): Course => {
    const {duck, cache} = this.#pond;
    const context: RunContext = {
      ...{duck, cache, effects: this.#effects, kinds: this.#kinds, base: dirname(resource.place.file)},
      fs: () => this.#pond.fs(),
      stage: (path, selection, engine) => this.#pond.stage(path, selection, engine),
      transaction: (body) => this.#transaction(resource, body)
    };
    return {resource, context, kind: kindNamed(resource.kind, this.#kinds), tookMs: 0, report: quiet, stale: []};
  };

  async #transaction<T>(resource: Resource, body: (tx: Transaction) => Promise<T>): Promise<T> {
    if (inside.getStore() === this) throw new Error(`${nameOf(resource)} began a transaction within a transaction.`);
    const intent = {command: "pond run", message: nameOf(resource)};
    const {result, commit} = await this.#alone(() => inside.run(this, () => this.#pond.transaction(intent, body)));
    if (commit) this.commits.push(commit);
    return result;
  }

  /** Runs a resource once those that it waits for have run, whatever came of them. */
  async #after(sources: readonly Promise<Telling | undefined>[], course: Course, isReady: boolean): Promise<Telling> {
    const told = await Promise.all(sources);
    course.stale = [...new Set(told.flatMap((one) => (one ? causesIn(one) : [])))];
    if (isReady) await this.#step(course, "run");
    const row = this.#rowOf(course);
    await this.#journal.end(row);
    return row;
  }

  async #step(course: Course, hook: "start" | "run" | "backup"): Promise<void> {
    const {kind, resource, context} = course;
    if (!kind[hook]) return;
    const work = async () => (await kind[hook]!(resource, context)) ?? quiet;
    await this.#atOnce(async () => {
      const began = this.#effects.now();
      if (course.started === undefined)
        await this.#journal.begin({kind: kind.name, name: resource.name, started: began});
      course.started ??= began;
      const report = await work().catch(trouble);
      course.report = sum(course.report, masked(report, maskOf(resource, context)));
      course.tookMs += this.#effects.now() - began;
    });
  }

  readonly #rowOf = ({resource: {kind, name}, started, tookMs, report, stale}: Course): RunRow => {
    return {kind, name, started: started ?? this.#effects.now(), tookMs, ...report, stale};
  };
}

/** What those that wait for a resource have to know of it. */
type Telling = Pick<RunRow, "kind" | "name" | "errors" | "stale">;

/** The resources in trouble that something is stale for, when it goes on with what this one made. */
function causesIn(row: Telling): readonly string[] {
  return row.errors.length > 0 ? [nameOf(row), ...row.stale] : row.stale;
}

/** How one that is not part of this run fared before. */
async function lastOf({kind, name}: Resource, before: readonly RunRow[]): Promise<Telling | undefined> {
  return before.find((row) => row.kind === kind && row.name === name);
}

/** One that has nothing to do need not be told of, unless it is stale, or was. */
function hasToTell({started, stale}: Course): boolean {
  return started !== undefined || stale.length > 0;
}

// ---- Reports ----

/** Trouble of one resource is expected: the others go on. What it had stored before stays stored. */
function trouble(error: unknown): Report {
  const text = error instanceof Error ? error.message : String(error);
  return {...quiet, errors: [text.split("\n")[0]!]};
}

/** A report without what the environment says: it is kept in the pond, and published. */
function masked(report: Report, mask: (text: string) => string): Report {
  return {...report, notes: report.notes.map(mask), errors: report.errors.map(mask)};
}
