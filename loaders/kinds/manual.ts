import {randomUUID} from "node:crypto";
import {mkdir, readFile, rm, writeFile} from "node:fs/promises";
import {join, relative, resolve} from "node:path";
import process from "node:process";
import {csvFormat} from "d3-dsv";
import * as z from "zod";
import type {Duck} from "../../pond/duck.js";
import {PondError} from "../../pond/error.js";
import {normalize} from "../../pond/path.js";
import type {Transaction} from "../../pond/types.js";
import {annotation, annotationsIn, annotationsTable} from "../series/annotation.js";
import type {Annotation} from "../series/annotation.js";
import {appliedIn} from "../resources/applied.js";
import {maskOf} from "../resources/mask.js";
import {memoryOf} from "../resources/memory.js";
import {textIn} from "../files/encoding.js";
import {told} from "../files/host.js";
import type {TableColumn} from "../files/host.js";
import {openSource, wrongWith} from "../files/open.js";
import {ownPath} from "../path.js";
import {readingsTable} from "../readings/readings.js";
import {ifSound} from "../sound.js";
import {readTable} from "../files/table.js";
import type {Kind, Report, Resource, RunContext} from "../types.js";
import {timeFormat} from "../time/format.js";
import {empty} from "../time/period.js";
import {instantOf, instantsOf, wallTime, wrongIn} from "../time/wall.js";
import {timeZone} from "../time/zone.js";

const table = ownPath("write a path of the pond, such as /manual/pier");

const reading = z.strictObject({
  time: wallTime.describe("when, with an offset or by the clocks of the time zone"),
  values: z
    .record(z.string().regex(/\S/, "give the column a name"), z.number())
    .describe("what was read, by column, such as DO.mg/L: 9.2")
});

const readings = z.strictObject({
  into: table.describe("the table of the pond where they go, which reads as a series does"),
  file: z.string().min(1).optional().describe("a file of any form that Inbox reads, relative to this YAML file"),
  timeFormat: timeFormat.optional().describe("how times in the file are written, as for Inbox; found out unless given"),
  rows: z
    .array(reading)
    .default([])
    .describe("readings typed here; of one time and column they count before the file's")
});

const annotations = z.strictObject({
  into: table.describe("the table of the pond where they go"),
  file: z
    .string()
    .min(1)
    .optional()
    .describe("a CSV with a column for each field of a row, relative to this YAML file"),
  rows: z.array(annotation).default([]).describe("annotations typed here")
});

const schema = z
  .strictObject({
    timeZone: timeZone.describe("of times without an offset: a name of the IANA list, such as America/Los_Angeles"),
    readings: readings.optional().describe("what people read from instruments and bottles"),
    annotations: annotations.optional().describe("what people know of readings: deployments, calibrations, outages")
  })
  .superRefine(
    ({timeZone, readings, annotations}, context) => {
      for (const {path, message} of [...unread(timeZone, readings?.rows), ...unlasting(timeZone, annotations?.rows)])
        context.addIssue({code: "custom", path: [...path], message});
    },
    ifSound("timeZone", "readings.rows.*.time", "annotations.rows.*.from", "annotations.rows.*.to")
  )
  .refine(({readings, annotations}) => readings !== undefined || annotations !== undefined, {
    error: "there is nothing in it: write readings, annotations or both",
    ...ifSound("readings", "annotations")
  });

interface Wrong {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Times of readings that clocks of the zone never showed. Of one that they showed twice, the order of rows tells which. */
function unread(zone: string, rows: readonly z.infer<typeof reading>[] = []): readonly Wrong[] {
  return rows.flatMap(({time}, index) =>
    instantsOf(time, zone).length > 0
      ? []
      : [{path: ["readings", "rows", index, "time"], message: `it ${wrongIn(zone, time)!}`}]
  );
}

/** Times of annotations that are no one instant, and periods in which there is none. */
function unlasting(zone: string, rows: readonly Annotation[] = []): readonly Wrong[] {
  return rows.flatMap(({from, to}, index): readonly Wrong[] => {
    const at = (field: string) => ["annotations", "rows", index, field];
    const wrong = Object.entries({from, ...(to === undefined ? {} : {to})}).flatMap(([field, time]) => {
      const words = wrongIn(zone, time);
      return words === undefined ? [] : [{path: at(field), message: `it ${words}`}];
    });
    if (wrong.length > 0 || to === undefined || instantOf(from, zone) < instantOf(to, zone)) return wrong;
    return [{path: at("to"), message: empty}];
  });
}

export type ManualSpec = z.infer<typeof schema>;

/**
 * Readings and annotations that people type, into the YAML or a file beside it. What stands there is what holds: an
 * edit changes a reading and a deletion takes it away, and what was there before stays in the pond's history.
 */
export const manual: Kind<ManualSpec> = {
  name: "Manual",
  summary: "Readings and annotations that people type.",
  schema,
  writes: placesOf,
  owns: placesOf,
  init: (resource, tx) => tx.remove(memoryOf(resource), {force: true}), // of one of this name that was pruned
  async run(resource: Resource<ManualSpec>, context: RunContext): Promise<Report> {
    const first = await attempt(resource, context, takeReadings);
    const second = await attempt(resource, context, takeAnnotations);
    const errors = [...first.errors, ...second.errors];
    return {
      read: first.read + second.read,
      stored: first.stored + second.stored,
      aside: 0,
      notes: [...first.notes, ...second.notes, ...(errors.length === 0 ? await leave(resource, context) : [])],
      errors
    };
  }
};

type Came = Pick<Report, "read" | "stored" | "notes" | "errors">;
type Take = (resource: Resource<ManualSpec>, context: RunContext) => Promise<Omit<Came, "errors">>;

/** What is wrong with what was typed is told, and what was stored before stays. */
async function attempt(resource: Resource<ManualSpec>, context: RunContext, take: Take): Promise<Came> {
  try {
    return {...(await take(resource, context)), errors: []};
  } catch (error) {
    if (error instanceof TypedError) return {read: 0, stored: 0, notes: [], errors: [error.message]};
    if (error instanceof PondError) return {read: 0, stored: 0, notes: [], errors: [error.message]};
    throw error;
  }
}

/** Something wrong in a file of the host, as a whole sentence. */
class TypedError extends Error {
  constructor(file: string, {spec, ...resource}: Resource, context: RunContext, cause: unknown) {
    const name = named(file, {spec, ...resource}, context);
    const wrong = wrongWith(file, cause);
    if (wrong === undefined) throw cause;
    super(`${name} was left out: ${wrong}; mend it.`, {cause});
  }
}

/** Takes tables away that the resource made and no longer names, unless another does; gives what is said of it. */
function leave(resource: Resource<ManualSpec>, {transaction}: RunContext): Promise<readonly string[]> {
  const path = memoryOf(resource);
  return transaction(async (tx) => {
    const known = (await tx.exists(path)) ? new TextDecoder().decode(await tx.read(path)) : "[]";
    const own = placesOf(resource.spec);
    const all = (await appliedIn(tx)).filter(({kind}) => kind === manual.name);
    const named = new Set([
      ...own,
      ...all.flatMap(({spec}) => placesOf(spec as Placing).map((into) => normalize(into)))
    ]);
    const left: string[] = [];
    for (const place of (JSON.parse(known) as readonly string[]).map((into) => normalize(into)))
      if (!named.has(place) && (await tx.exists(place)) && (await tx.stat(place)).kind === "table") {
        await tx.remove(place);
        left.push(place);
      }
    await tx.write(path, `${JSON.stringify(own)}\n`, {parents: true});
    return left.map((place) => `${place} is taken away, since nothing is typed for it any more.`);
  });
}

type Placing = {readonly [part in "readings" | "annotations"]?: {readonly into: string} | undefined};

/** Where what is typed goes. */
function placesOf({readings, annotations}: Placing): readonly string[] {
  return [readings, annotations].flatMap((part) => (part ? [part.into] : []));
}

/** A file of the host as a report names it, without what the environment says. */
function named(file: string, resource: Resource, context: RunContext): string {
  return maskOf(resource, context)(relative(process.cwd(), file));
}

// ---- Readings ----

type Rows = Map<number, Map<string, number>>; // by µs UTC, then by column

async function takeReadings(resource: Resource<ManualSpec>, context: RunContext): Promise<Omit<Came, "errors">> {
  const {readings} = resource.spec;
  if (!readings) return {read: 0, stored: 0, notes: []};
  const scratch = join(context.cache, "manual", randomUUID());
  await mkdir(scratch, {recursive: true});
  try {
    const {into, file, timeFormat, rows} = readings;
    const typed: Typed = {rows: new Map(), columns: new Map(), notes: [], read: 0};
    if (file !== undefined)
      await gather(typed, {path: resolve(context.base, file), timeFormat}, {resource, context, scratch});
    if (rows.length > 0) {
      const text = join(scratch, "rows.csv");
      const names = [...new Set(rows.flatMap(({values}) => Object.keys(values)))];
      const table: readonly object[] = rows.map(({time, values}) => ({time, ...values}));
      await writeFile(text, csvFormat(table, ["time", ...names] as never[]));
      await gather(typed, {path: text, place: resource.place.file}, {resource, context, scratch});
    }
    const stored = await context.transaction((tx) => store(into, typed, {tx, duck: context.duck}));
    return {read: typed.read, stored, notes: typed.notes};
  } finally {
    await rm(scratch, {recursive: true});
  }
}

interface Typed {
  readonly rows: Rows;
  readonly columns: Map<string, Readonly<Record<string, string | undefined>>>; // attributes by name
  readonly notes: string[]; // what was left out, a sentence each
  read: number;
}

interface From {
  readonly path: string;
  readonly place?: string; // the file that a complaint is about, where that is another
  readonly timeFormat?: string | undefined;
}

interface With {
  readonly resource: Resource<ManualSpec>;
  readonly context: RunContext;
  readonly scratch: string;
}

/** Adds a file's readings; of one time and column the later file counts. */
async function gather(
  typed: Typed,
  {path, place = path, timeFormat}: From,
  {resource, context, scratch}: With
): Promise<void> {
  const own = join(scratch, randomUUID());
  await mkdir(own);
  const how = {
    timeZone: resource.spec.timeZone,
    scratch: own,
    isEnded: true,
    ...(timeFormat === undefined ? {} : {timeFormat})
  };
  try {
    const source = await openSource(context.duck, path, how);
    const table = await readTable(context.duck, source, how);
    const names = table.columns.map((column) => spelledIn(typed, column));
    typed.read += table.rows;
    const left = source.ending === "torn" ? ["its last line is not finished and is left out"] : [];
    typed.notes.push(...[...left, ...table.notes].map((note) => `${named(place, resource, context)}: ${told(note)}.`));
    if (!table.span) return;
    const {begin, end} = table.span;
    for (const stretch of await table.cut({}))
      if ((await table.count(stretch)).differing > 0)
        typed.notes.push(`${named(place, resource, context)}: of rows of one time that differ the last counts.`);
    const select = `SELECT *, epoch_us(instant)::DOUBLE AS time FROM (${table.folded({begin, end: end + 1})})`;
    for (const row of await context.duck.rows(select)) {
      const values = typed.rows.get(Number(row.time)) ?? new Map<string, number>();
      for (const [index, name] of names.entries())
        if (row[`v${index}`] !== null) values.set(name, Number(row[`v${index}`]));
      typed.rows.set(Number(row.time), values);
    }
  } catch (error) {
    throw new TypedError(place, resource, context, error);
  }
}

/** What a column is called: as it was when it came first, since DuckDB does not tell names apart by case. */
function spelledIn({columns}: Typed, {name, attributes}: TableColumn): string {
  const same = [...columns.keys()].find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
  if (!columns.has(same)) columns.set(same, {...attributes});
  return same;
}

interface Storing {
  readonly tx: Transaction;
  readonly duck: Duck;
}

/** Makes the table what was typed; gives how many readings are new, changed or gone. */
async function store(into: string, {rows, columns}: Typed, {tx, duck}: Storing): Promise<number> {
  const before: Rows = new Map();
  if (await tx.exists(into)) {
    const held = await tx.series(into);
    for (const {time, ...values} of await duck.rows(
      `SELECT epoch_us(timestamp)::DOUBLE AS time, * EXCLUDE (timestamp) FROM ${await held.relation()}`
    ))
      before.set(
        Number(time),
        new Map(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, Number(value)]])))
      );
  }
  const times = [...rows.keys()].filter((time) => rows.get(time)!.size > 0).sort((a, b) => a - b);
  const changed = [...new Set([...before.keys(), ...times])].filter(
    (time) => !isSame(before.get(time), rows.get(time))
  );
  if (changed.length === 0) return 0;
  const instrument = into.slice(into.lastIndexOf("/") + 1);
  const table = readingsTable(
    times,
    [...columns].map(([name, attributes]) => ({
      name,
      attributes: {instrument, ...attributes},
      values: Float64Array.from(times, (time) => rows.get(time)!.get(name) ?? NaN)
    }))
  );
  await tx.table(into, table, {parents: true});
  return changed.length;
}

function isSame(a: ReadonlyMap<string, number> = new Map(), b: ReadonlyMap<string, number> = new Map()): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

// ---- Annotations ----

async function takeAnnotations(resource: Resource<ManualSpec>, context: RunContext): Promise<Omit<Came, "errors">> {
  const {annotations, timeZone} = resource.spec;
  if (!annotations) return {read: 0, stored: 0, notes: []};
  const {into, file, rows} = annotations;
  const host = file === undefined ? resource.place.file : resolve(context.base, file);
  try {
    const inFile = file === undefined ? [] : annotationsIn(textIn(await readFile(host)));
    const all = [...inFile, ...rows];
    const table = annotationsTable(all, timeZone);
    const isNew = await context.transaction(async (tx) => {
      const version = (await tx.exists(into)) ? (await tx.stat(into)).version : 0;
      if (version > 0 || all.length > 0) await tx.table(into, table, {parents: true});
      return (await tx.exists(into)) && (await tx.stat(into)).version !== version;
    });
    return {read: all.length, stored: isNew ? all.length : 0, notes: []};
  } catch (error) {
    throw new TypedError(host, resource, context, error);
  }
}
