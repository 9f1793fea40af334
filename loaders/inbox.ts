import {createHash, randomUUID} from "node:crypto";
import {createReadStream} from "node:fs";
import {pipeline} from "node:stream/promises";
import {mkdir, rm} from "node:fs/promises";
import {join, relative} from "node:path";
import {z} from "zod";
import {PondError} from "../pond/error.js";
import {deliver} from "./fresh.js";
import type {Delivered} from "./fresh.js";
import type {HostTable} from "./host.js";
import {maskOf} from "./mask.js";
import {capturesIn, fill, hostFiles} from "./pattern.js";
import {wrongWith} from "./open.js";
import {readTable} from "./table.js";
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
    timeFormat: z
      .string()
      .regex(/%|^(s|ms|us|ns)$/, "write s, ms, us or ns since 1970, or a format such as %d/%m/%Y %H:%M")
      .optional()
      .describe("how times are written: s, ms, us or ns since 1970, or as strptime has it; found out unless given"),
    timeZone: timeZone.describe("of times without an offset: a name of the IANA list, such as America/Los_Angeles"),
    decimal: z.enum([".", ","]).optional().describe("what stands in numbers; found out unless given"),
    parameter: z.string().optional().describe("in the long form: the column of the parameters' names"),
    value: z.string().optional().describe("in the long form: the column of the values"),
    unit: z.string().optional().describe("in the long form: the column of the units"),
    scope: z
      .array(z.string())
      .optional()
      .describe(
        "in the long form: columns that tell readings of one parameter apart, such as the place; they begin the columns' names"
      )
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
  const scratch = join(context.cache, "inbox", randomUUID());
  await mkdir(scratch, {recursive: true});
  try {
    const key = await keyOf(file, resource.spec);
    const known = memory.get(key);
    if (known) return {...nothing, notes: known.notes};
    const table = await readTable(context.duck, file.path, {...resource.spec, scratch});
    const {notes, ...counts} = await context.tx.attempt(() => store(file, table, context));
    const told = [...table.notes, ...notes].map((note) => `${file.name}: ${note}.`);
    memory.add(key, {file: file.name, into: file.into, ...counts, notes: told});
    return {...nothing, ...counts, notes: told};
  } catch (error) {
    if (error instanceof PondError)
      return {...nothing, errors: [`${file.name} was not stored: ${error.message.replace(/[.;:]\s*$/, "")}.`]};
    const wrong = wrongWith(file.path, error);
    if (wrong === undefined) throw error;
    return {...nothing, errors: [`${file.name} was skipped: ${wrong}; mend it or take it away.`]};
  } finally {
    await rm(scratch, {recursive: true});
  }
}

interface Counts {
  readonly read: number;
  readonly stored: number;
  readonly aside: number;
}

/** The first instant of 2000, µs UTC: clocks that were never set tell earlier ones. */
const epoch = Date.UTC(2000, 0) * 1000;

async function store(
  {into}: HostFile,
  table: HostTable,
  {duck, tx, effects}: RunContext
): Promise<Counts & {notes: readonly string[]}> {
  const ahead = (Math.floor(effects.now()) + 86_400_000) * 1000 + 1;
  const good = await deliver(tx, duck, {path: into, table, range: {begin: epoch, end: ahead}});
  const odd: Delivered[] = [];
  for (const range of [{end: epoch}, {begin: ahead}])
    odd.push(await deliver(tx, duck, {path: `/sys/aside${into}`, table, range}));
  const all = [good, ...odd];
  const differing = all.reduce((sum, one) => sum + one.differing, 0);
  return {
    read: all.reduce((sum, one) => sum + one.read, 0),
    stored: good.stored,
    aside: odd.reduce((sum, one) => sum + one.stored, 0),
    notes:
      differing === 0
        ? []
        : [
            `${differing === 1 ? "1 time stands" : `${differing} times stand`} in rows that differ, the last of which counts`
          ]
  };
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

/** What a file's rows depend on: its content, where it goes, and how it is read. */
async function keyOf(file: HostFile, {files: _, into: __, time, timeZone, ...how}: InboxSpec): Promise<string> {
  const rest = Object.keys(how).length > 0 ? [how] : []; // what later versions of this kind ask changes no key
  const hash = createHash("sha256").update(JSON.stringify([file.into, time ?? null, timeZone, ...rest]));
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
