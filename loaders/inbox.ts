import {createHash} from "node:crypto";
import {createReadStream} from "node:fs";
import {pipeline} from "node:stream/promises";
import {relative, resolve} from "node:path";
import {glob} from "tinyglobby";
import {z} from "zod";
import {literal} from "../pond/duck.js";
import {compile} from "../pond/glob.js";
import {describeFile} from "./table.js";
import type {HostTable} from "./table.js";
import {freshRows} from "./fresh.js";
import type {Kind, Report, Resource, RunContext} from "./types.js";

const schema = z.strictObject({
  files: z.string().min(1).describe("the files, as a pattern with * ** ? [a-z] {a,b}; relative to this YAML file"),
  into: z
    .string()
    .startsWith("/")
    .describe("the series that each file goes to; $0, $1, … stand for what the wildcards matched"),
  time: z.string().optional().describe("the column that holds the time; found by its name or type unless given"),
  timeZone: z
    .string()
    .default("UTC")
    .describe("of times without an offset: a name of the IANA list, such as America/Los_Angeles")
});

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
  writes: ({into}) => [into.split("$")[0]!.replace(/(?<=.)\/[^/]*$/, "")],
  async run(resource: Resource<InboxSpec>, context: RunContext): Promise<Report> {
    const memory = await Memory.open(resource, context);
    let total: Report = {read: 0, stored: 0, aside: 0, notes: [], errors: []};
    for (const file of await filesOf(resource.spec, context.base)) {
      context.effects.reporter.step(`Reading ${file.name}`);
      total = sum(total, await takeFile(file, memory, {resource, context}));
    }
    await memory.save();
    return total;
  }
};

interface HostFile {
  readonly path: string; // absolute
  readonly name: string; // as a report names it
  readonly into: string; // the series
}

async function filesOf({files, into}: InboxSpec, base: string): Promise<HostFile[]> {
  const found = await glob([files], {cwd: base, absolute: true, onlyFiles: true, expandDirectories: false});
  const pattern = compile(resolve(base, files));
  return found.sort().map((path) => {
    const captures = pattern.match(path) ?? [];
    const name = relative(process.cwd(), path);
    return {path, name, into: into.replace(/\$(\d+)/g, (_, index) => captures[Number(index)] ?? "")};
  });
}

interface Task {
  readonly resource: Resource<InboxSpec>;
  readonly context: RunContext;
}

/** Stores what a file brings. One that cannot be read is named, with the reason, and changes nothing. */
async function takeFile(file: HostFile, memory: Memory, {resource, context}: Task): Promise<Report> {
  const nothing: Report = {read: 0, stored: 0, aside: 0, notes: [], errors: []};
  const key = await keyOf(file, resource.spec);
  if (memory.has(key)) return nothing;
  let table: HostTable;
  try {
    table = await describeFile(context.duck, file.path, resource.spec);
  } catch (error) {
    return {...nothing, errors: [`${file.name} was skipped: ${firstLine(error)}; mend it or take it away.`]};
  }
  const counts = await store(file, table, context);
  memory.add(key, {file: file.name, into: file.into, ...counts});
  return {...nothing, ...counts};
}

interface Counts {
  readonly read: number;
  readonly stored: number;
  readonly aside: number;
}

async function store({into}: HostFile, table: HostTable, {duck, tx, effects}: RunContext): Promise<Counts> {
  const aheadOfClock = new Date(effects.now() + 86_400_000).toISOString();
  const set = `timestamp >= TIMESTAMPTZ '2000-01-01' AND timestamp <= TIMESTAMPTZ ${literal(aheadOfClock)}`;
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

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.replace(/[.;:]\s*$/, "");
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

  has(key: string): boolean {
    return this.#known.has(key);
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
