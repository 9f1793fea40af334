import {randomUUID} from "node:crypto";
import {createWriteStream} from "node:fs";
import {mkdir, rm, stat} from "node:fs/promises";
import {join, relative} from "node:path";
import * as z from "zod";
import {PondError} from "../../pond/error.js";
import type {Transaction} from "../../pond/types.js";
import {Ahead} from "../files/ahead.js";
import {endOfLines, isGzip, linesWithin, writeTail} from "../files/content.js";
import {setClocks} from "../time/epoch.js";
import type {Target} from "../files/fresh.js";
import {told} from "../files/host.js";
import {howOf, Ledger} from "../files/ledger.js";
import type {Came, Entry, Found, Taken} from "../files/ledger.js";
import {maskOf} from "../resources/mask.js";
import {ownPath} from "../path.js";
import {capturesIn, fill, hostFiles, unfillable} from "../pattern.js";
import {endingOf, wrongWith} from "../files/open.js";
import {ifSound} from "../sound.js";
import type {Ending} from "../files/source.js";
import {unpack} from "../files/packed.js";
import {storeMended} from "../files/mended.js";
import {quiet, sum} from "../resources/report.js";
import type {Kind, Report, Resource, RunContext} from "../types.js";
import {timeFormat} from "../time/format.js";
import {timeZone} from "../time/zone.js";

const schema = z
  .strictObject({
    files: z.string().min(1).describe("the files, as a pattern with * ** ? [a-z] {a,b}; relative to this YAML file"),
    into: ownPath("write a path of the pond, such as /inbox/$0").describe(
      "the series that each file goes to; $0, $1, … stand for what the wildcards matched"
    ),
    time: z.string().optional().describe("the column that holds the time; found by its name or type unless given"),
    timeFormat: timeFormat
      .optional()
      .describe(
        "how times are written: s, ms, us or ns since 1970, excel or excel1904 for a spreadsheet's days, or as strptime has it; found out unless given"
      ),
    timeZone: timeZone.describe("of times without an offset: a name of the IANA list, such as America/Los_Angeles"),
    decimal: z.enum([".", ","]).optional().describe("what stands in numbers; found out unless given"),
    missing: z
      .array(z.union([z.string(), z.number()]))
      .min(1)
      .optional()
      .describe("what stands for no reading, such as -9999 or n/a; empty and NaN always do"),
    parameter: z.string().optional().describe("in the long form: the column of the parameters' names"),
    value: z.string().optional().describe("in the long form: the column of the values"),
    unit: z.string().optional().describe("in the long form: the column of the units"),
    scope: z
      .array(z.string())
      .optional()
      .describe("columns that tell readings of one parameter apart, such as the place; they begin the columns' names")
  })
  .superRefine(
    ({files, into}, context) => {
      const message = mismatch(files, into);
      if (message) context.addIssue({code: "custom", ...message});
    },
    ifSound("files", "into")
  );

/** What is wrong with a pattern, or with the captures that are asked of it. */
function mismatch(files: string, into: string): {readonly path: string[]; readonly message: string} | undefined {
  try {
    const message = unfillable(into, files, capturesIn(files));
    return message === undefined ? undefined : {path: ["into"], message};
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
  summary: "Files dropped on the host: CSV, Parquet, JSON lines, OTLP metrics and exports of HydroVu.",
  schema,
  writes: ({into}) => [into.replace(/[^/]*\$.*$/s, "")],
  async run(resource: Resource<InboxSpec>, context: RunContext): Promise<Report> {
    const files = await filesOf(resource, context);
    let total: Report = {...quiet, notes: files.length === 0 ? [`No file matches ${resource.spec.files}.`] : []};
    let ledger = await Ledger.open(resource.name, await context.fs(), {cache: context.cache, files});
    for (const batch of batchesOf(files)) {
      const taken = await (isApart(batch) ? takeAhead : takeWithin)(batch, ledger, {resource, context});
      total = sum(total, taken.report);
      ledger = taken.ledger;
    }
    return total;
  }
};

interface HostFile extends Found {
  readonly name: string; // as a report names it, without what the environment says
}

async function filesOf(resource: Resource<InboxSpec>, context: RunContext): Promise<readonly HostFile[]> {
  const {files, into} = resource.spec;
  const found = await hostFiles(context.base, files);
  const nameOf = (path: string, from = process.cwd()) => maskOf(resource, context)(relative(from, path));
  const {files: _, into: __, ...reading} = resource.spec;
  const how = howOf(reading);
  return Promise.all(
    found.map(async ({path, captures}) => {
      const {size} = await stat(path).catch(() => ({size: 0})); // gone since: the reading of it will say so
      return {path, place: nameOf(path, context.base), name: nameOf(path), into: fill(into, captures), how, size};
    })
  );
}

/** Files that are stored together: what a run that is cut off may have to read again. */
interface Batch {
  readonly files: readonly HostFile[];
  readonly isLast: boolean;
}

const batchBytes = 64 * 2 ** 20;
const batchFiles = 256;

function batchesOf(files: readonly HostFile[]): readonly Batch[] {
  const batches: HostFile[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    if (bytes >= batchBytes || batches.at(-1)!.length >= batchFiles) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(file);
    bytes += file.size;
  }
  return batches.map((files, index) => ({files, isLast: index === batches.length - 1}));
}

/** Whether each file has a series of its own, so that none has to be compared with what another brings. */
function isApart({files}: Batch): boolean {
  return new Set(files.map(({into}) => into)).size === files.length;
}

interface Inboxed {
  readonly resource: Resource<InboxSpec>;
  readonly context: RunContext;
}

interface Task extends Inboxed {
  readonly target: Target & Pick<Transaction, "attempt">;
}

interface Reading extends Task {
  readonly isEnded: boolean; // whether the file is found as it was
}

interface Took {
  readonly report: Report;
  readonly ledger: Ledger;
}

/** Stores what files bring, and in the same transaction that they are known. */
function takeWithin(batch: Batch, known: Ledger, inboxed: Inboxed): Promise<Took> {
  return inboxed.context.transaction(async (tx) => {
    const append: Target["append"] = async (path, selection) =>
      (await tx.append(path, selection, {parents: true})).rows;
    const target = {reader: tx, append, attempt: tx.attempt.bind(tx)};
    const took = await takeBatch(batch, known.copy(), {...inboxed, target});
    await took.ledger.save(tx);
    return took;
  });
}

/** Whether there is anything to read; an engine of its own for nothing would take longer than all else. */
async function hasNews({files}: Batch, ledger: Ledger): Promise<boolean> {
  for (const file of files) {
    const found = await ledger.find(file).catch(() => undefined); // the reading of it will say why
    if (!found?.isWhole) return true;
  }
  return false;
}

/** The same, but files are read, and what they bring is put into the store, while other resources have their turns. */
async function takeAhead(batch: Batch, known: Ledger, {resource, context}: Inboxed): Promise<Took> {
  const looked = known.copy(); // what it finds in the files need not be looked for again
  if (!(await hasNews(batch, looked))) return takeWithin(batch, looked, {resource, context});
  const done = await context.duck.session(async (duck) => {
    const target = new Ahead(await context.fs(), {...context, duck});
    const took = await takeBatch(batch, looked.copy(), {resource, context: {...context, duck}, target});
    return context.transaction(async (tx) => {
      const isDone = await tx
        .attempt(() => target.commit(tx))
        .catch((error: unknown) => {
          if (error instanceof PondError) return false; // of one file or another: it is told as each is stored by itself
          throw error;
        });
      if (isDone) await took.ledger.save(tx);
      return isDone ? took : undefined;
    });
  });
  return done ?? takeWithin(batch, looked, {resource, context});
}

async function takeBatch({files, isLast}: Batch, ledger: Ledger, task: Task): Promise<Took> {
  let report = quiet;
  for (const file of files) report = sum(report, await takeFile(file, ledger, task));
  if (isLast) ledger.forgetAbsent();
  return {report, ledger};
}

/**
 * Stores what a file brings, and of one that has grown what its tail brings. One that cannot be read is named, with the
 * reason, and changes nothing; it is tried again in the next run. What was noted of a file is told as long as it is
 * there.
 */
async function takeFile(file: HostFile, ledger: Ledger, task: Task): Promise<Report> {
  let hashed: Promise<unknown> | undefined;
  let grown: Entry | undefined;
  try {
    const known = await ledger.find(file);
    if (known?.isWhole) return {...quiet, notes: notesOf(known.entry)};
    task.context.effects.reporter.step(`Reading ${file.name}`);
    if (!known) hashed = Promise.allSettled([ledger.hash(file)]); // what went wrong is told where the hash is needed
    grown = known?.entry.settled && known.entry; // what cannot grow is read from the top
    const came = await readFile(file, grown, {...task, isEnded: known?.isEnded ?? false});
    const entry = await ledger.add(file, sumOf(grown, came), known?.entry);
    task.context.effects.reporter.line(`${file.name}: ${tell(came)}.`);
    return {...quiet, read: came.read, stored: came.stored, aside: came.aside, notes: notesOf(entry)};
  } catch (error) {
    if (error instanceof PondError)
      return {...quiet, errors: [`${file.name} was not stored: ${error.message.replace(/[.;:]\s*$/, "")}.`]};
    const wrong = wrongWith(file.path, error);
    if (wrong === undefined) throw new Error(`Reading ${file.name} failed: ${messageOf(error)}`, {cause: error});
    const where = grown ? inTail(wrong, grown) : wrong;
    return {...quiet, errors: [`${file.name} was skipped: ${where}; mend it or take it away.`]};
  } finally {
    await hashed;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reads a file, or its tail where it is known how it began, and stores what that brings: all of it, or nothing. */
async function readFile(file: HostFile, before: Entry | undefined, task: Reading): Promise<Came> {
  const {resource, context, target, isEnded} = task;
  const scratch = join(context.cache, "inbox", randomUUID());
  await mkdir(scratch, {recursive: true});
  try {
    const how = {
      ...resource.spec,
      scratch,
      isEnded,
      ...(before?.settled ? {settled: before.settled} : {}),
      ...(before?.last ? {after: before.last} : {})
    };
    const path = before ? await tailOf(file.path, before, scratch) : file.path;
    const storing = {into: file.into, target, range: setClocks(context.effects.now())};
    const ahead = async () => (before ? (await linesWithin(file.path, before.mark)) - before.settled!.lead : 0);
    const stored = await storeMended(context.duck, path, {how, storing, ahead});
    const notes = before && stored.read === 0 ? [] : stored.notes; // that a tail is empty is none of the file's
    return {...stored, file: file.name, notes: notes.map((note) => `${file.name}: ${told(note)}.`)};
  } finally {
    await rm(scratch, {recursive: true});
  }
}

/** What a file has grown by, below the lines that it began with, as a file. */
async function tailOf(file: string, {mark, settled}: Entry, scratch: string): Promise<string> {
  const target = join(scratch, `tail.${endingOf(file)}`);
  const path = isGzip(file) ? join(scratch, "unpacked") : file;
  if (path !== file) await unpack(file, createWriteStream(path));
  const lead = await endOfLines(path, settled!.lead);
  await writeTail(path, target, {lead: lead ?? 0, begin: mark});
  return target;
}

/** What is wrong with a tail, where rows and lines are counted from its beginning. */
function inTail(wrong: string, {settled}: Entry): string {
  const tail = "of what it has grown by";
  return wrong
    .replace(/ in row \d+/, `$& ${tail}`)
    .replace(/\bits line (\d+)/, (_, line) => `line ${Number(line) - settled!.lead} ${tail}`);
}

/** A file's counts and notes together with those of its beginning. */
function sumOf(before: Entry | undefined, came: Came): Came {
  if (!before) return came;
  const add = (of: (taken: Taken) => number) => of(before) + of(came);
  const counts = {read: add((one) => one.read), stored: add((one) => one.stored)};
  const others = {
    known: add((one) => one.known),
    empty: add((one) => one.empty),
    aside: add((one) => one.aside)
  };
  const notes = before.read === 0 ? [] : before.notes; // which said that it was empty
  return {...came, ...counts, ...others, notes: [...new Set([...notes, ...came.notes])]};
}

const endings: Readonly<Record<Ending, string>> = {
  read: "the last line has no line feed and counts as finished",
  waiting: "its last line has no line feed and waits until a run finds it as it is",
  torn: "its last line is not finished and waits"
};

/** What was noted of a file; of its last line only where that waits. */
function notesOf({file, notes, ending}: Entry): readonly string[] {
  return ending === undefined || ending === "read" ? notes : [...notes, `${file}: ${endings[ending]}.`];
}

/** "120 rows read, 100 stored, 13 known already, 2 without a value, 5 set aside, from a clock that was not set". */
function tell({read, stored, known, empty, aside, ending}: Came): string {
  return [
    `${read === 1 ? "1 row" : `${read} rows`} read`,
    `${stored} stored`,
    `${known} known already`,
    ...(ending === "read" ? [endings.read] : []),
    ...(empty > 0 ? [`${empty} without a value`] : []),
    ...(aside > 0 ? [`${aside} set aside, from a clock that was not set (before 2000, or more than a day ahead)`] : [])
  ].join(", ");
}
