import {createHash} from "node:crypto";
import {createReadStream} from "node:fs";
import {pipeline} from "node:stream/promises";
import {relative} from "node:path";
import {z} from "zod";
import {literal} from "../pond/duck.js";
import {PondError} from "../pond/error.js";
import {freshRows} from "./fresh.js";
import {maskOf} from "./mask.js";
import {capturesIn, fill, hostFiles} from "./pattern.js";
import {readTable} from "./table.js";
import type {HostTable} from "./table.js";
import type {Kind, Report, Resource, RunContext} from "./types.js";
import {timeZone} from "./zone.js";

const schema = z
  .strictObject({
    files: z.string().min(1).describe("the files, as a pattern with * ** ? [a-z] {a,b}; relative to this YAML file"),
    into: z
      .string()
      .startsWith("/", "write a path of the pond, such as /inbox/$0")
      .describe("the series that each file goes to; $0, $1, … stand for what the wildcards matched"),
    time: z.string().optional().describe("the column that holds the time; found by its name or type unless given"),
    timeZone: timeZone.describe("of times without an offset: a name of the IANA list, such as America/Los_Angeles")
  })
  .superRefine(({files, into}, context) => {
    const message = mismatch(files, into);
    if (message) context.addIssue({code: "custom", ...message});
  });

/** What is wrong with a pattern, or with the captures that are asked of it. */
function mismatch(files: string, into: string): {readonly path: string[]; readonly message: string} | undefined {
  try {
    const count = capturesIn(files);
    const asked = [...into.matchAll(/\$(\d+)/g)].map(([, index]) => Number(index)).find((index) => index >= count);
    if (asked === undefined) return undefined;
    const message = `there is no $${asked}, since ${files} has ${count === 1 ? "1 wildcard" : `${count} wildcards`}`;
    return {path: ["into"], message: `${message} (the first is $0)`};
  } catch (error) {
    if (!(error instanceof PondError)) throw error;
    return {path: ["files"], message: "close what is opened: a [ by a ], a { by a }"};
  }
}

export type InboxSpec = z.infer<typeof schema>;

/**
 * Files dropped on the host: CSV with a header, one column per parameter, and Parquet. Each row is a reading at a time;
 * a column `DO.mg/L` or `DO (mg/L)` is the parameter DO in mg/L. What a file adds to its series or restates is stored,
 * and nothing else; the same content is never read twice. Readings from before 2000, or more than a day ahead of the
 * clock, come from clocks that were not set: they are kept in `/sys/aside/…` and left out of the series.
 */
export const inbox: Kind<InboxSpec> = {
  name: "Inbox",
  summary: "Files dropped on the host: CSV and Parquet.",
  schema,
  writes: ({into}) => [into.replace(/[^/]*\$.*$/s, "")],
  async run(resource: Resource<InboxSpec>, context: RunContext): Promise<Report> {
    const memory = await Memory.open(resource, context);
    const files = await filesOf(resource, context);
    let total: Report = {...nothing, notes: files.length === 0 ? [`No file matches ${resource.spec.files}.`] : []};
    for (const file of files) {
      context.effects.reporter.step(`Reading ${file.name}`);
      total = sum(total, await takeFile(file, memory, {resource, context}));
    }
    await memory.save();
    return total;
  }
};

const nothing: Report = {read: 0, stored: 0, aside: 0, notes: [], errors: []};

interface HostFile {
  readonly path: string; // absolute
  readonly name: string; // as a report names it, without what the environment says
  readonly into: string; // the series
}

async function filesOf(resource: Resource<InboxSpec>, context: RunContext): Promise<readonly HostFile[]> {
  const {files, into} = resource.spec;
  const found = await hostFiles(context.base, files);
  const nameOf = (path: string) => maskOf(resource, context)(relative(process.cwd(), path));
  return found.map(({path, captures}) => ({path, name: nameOf(path), into: fill(into, captures)}));
}

interface Task {
  readonly resource: Resource<InboxSpec>;
  readonly context: RunContext;
}

/**
 * Stores what a file brings. One that cannot be read is named, with the reason, and changes nothing; it is tried again
 * in the next run. What was noted of a file is told as long as it is there.
 */
async function takeFile(file: HostFile, memory: Memory, {resource, context}: Task): Promise<Report> {
  let key: string;
  let table: HostTable;
  try {
    key = await keyOf(file, resource.spec);
    const known = memory.get(key);
    if (known) return {...nothing, notes: known.notes};
    table = await readTable(context.duck, file.path, resource.spec);
  } catch (error) {
    return {...nothing, errors: [`${file.name} was skipped: ${textOf(error)}; mend it or take it away.`]};
  }
  try {
    const counts = await store(file, table, context);
    const notes = table.notes.map((note) => `${file.name}: ${note}.`);
    memory.add(key, {file: file.name, into: file.into, ...counts, notes});
    return {...nothing, ...counts, notes};
  } catch (error) {
    if (!(error instanceof PondError)) throw error;
    return {...nothing, errors: [`${file.name} was not stored: ${textOf(error)}.`]};
  } finally {
    await table.drop();
  }
}

interface Counts {
  readonly read: number;
  readonly stored: number;
  readonly aside: number;
}

async function store({into}: HostFile, table: HostTable, {duck, tx, effects}: RunContext): Promise<Counts> {
  const aheadOfClock = new Date(effects.now() + 86_400_000).toISOString();
  const set = `instant >= TIMESTAMPTZ '2000-01-01' AND instant <= TIMESTAMPTZ ${literal(aheadOfClock)}`;
  const good = await freshRows(tx, duck, {path: into, table, where: set});
  const odd = await freshRows(tx, duck, {path: `/sys/aside${into}`, table, where: `NOT (${set})`});
  for (const {path, fresh} of [good, odd]) if (fresh.numRows > 0) await tx.append(path, fresh, {parents: true});
  return {read: good.read + odd.read, stored: good.fresh.numRows, aside: odd.fresh.numRows};
}

function sum(a: Report, b: Report): Report {
  return {
    read: a.read + b.read,
    stored: a.stored + b.stored,
    aside: a.aside + b.aside,
    notes: [...a.notes, ...b.notes],
    errors: [...a.errors, ...b.errors]
  };
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/[.;:]\s*$/, "");
}

/** What a file's rows depend on: its content, where it goes, and how it is read. */
async function keyOf(file: HostFile, {time, timeZone}: InboxSpec): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([file.into, time ?? null, timeZone]));
  await pipeline(createReadStream(file.path), hash);
  return hash.digest("hex");
}

interface Known extends Counts {
  readonly file: string;
  readonly into: string;
  readonly notes: readonly string[];
}

/** Which contents an inbox has taken, kept in the pond beside what came of each. */
class Memory {
  readonly #path: string;
  readonly #context: RunContext;
  readonly #known: Map<string, Known>;
  #changed = false;

  private constructor(path: string, context: RunContext, known: Map<string, Known>) {
    this.#path = path;
    this.#context = context;
    this.#known = known;
  }

  static async open({name}: {readonly name: string}, context: RunContext): Promise<Memory> {
    const path = `/sys/inbox/${name}`;
    const text = (await context.tx.exists(path)) ? new TextDecoder().decode(await context.tx.read(path)) : "{}";
    return new Memory(path, context, new Map(Object.entries(JSON.parse(text) as Record<string, Known>)));
  }

  get(key: string): Known | undefined {
    return this.#known.get(key);
  }

  add(key: string, known: Known): void {
    this.#known.set(key, known);
    this.#changed = true;
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    const text = JSON.stringify(Object.fromEntries(this.#known), null, 1);
    await this.#context.tx.write(this.#path, text, {parents: true});
  }
}
