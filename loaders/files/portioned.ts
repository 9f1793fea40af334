import {mkdir, rm, stat} from "node:fs/promises";
import {join} from "node:path";
import type {Duck} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {clockOf} from "../time/clock.js";
import type {Clock} from "../time/clock.js";
import {transitionsOf} from "../time/transition.js";
import type {Decimal} from "./decimal.js";
import type {HostTable, Span} from "./host.js";
import {wrongWith} from "./open.js";
import {kinIn, portionBytes, portionsOf, Uneven} from "./portions.js";
import type {How, Lines, Source} from "./source.js";
import {readTable} from "./table.js";

/** A large file to be read, and where its clocks were set. */
interface Large {
  readonly source: Source;
  readonly how: How;
  readonly range: Required<Range>;
  readonly bytes?: number; // of a portion
}

/**
 * Reads a large file of lines portion by portion, each as if it were a file, and has them `taken` in turn while the
 * next is read: so no more than two portions are ever in memory, or on the disk again. Throws Uneven, and all that was
 * taken is to be given back, where portions do not tell what the whole would: because rows of one time may be in two of
 * them, or a column is one of numbers in one and of text in another; and for a smaller file, which is read at once.
 */
export async function takePortions(
  duck: Duck,
  {source, how, range, bytes = portionBytes}: Large,
  take: (table: HostTable) => Promise<void>
): Promise<void> {
  const {lines} = source;
  if (!lines || lines.isWhole || (await stat(lines.path)).size <= bytes) throw new Uneven();
  try {
    const clock = await clockOf(duck, source, how);
    if (clock.kind === "mixed") throw new Uneven();
    const agreed = new Agreed(range, isLocal(clock, how) ? how.timeZone : undefined);
    const reading = {source, how: {...how, clock}, lines, clock, bytes};
    await duck.session((one) =>
      duck.session((other) => takeEach(tablesOf(duck, [one, other], reading), {agreed, take}))
    );
  } catch (error) {
    throw wrongWith(lines.path, error) === undefined ? error : new Uneven("", {cause: error});
  }
}

interface Portion {
  readonly table: HostTable;
  readonly scratch: string; // what was written of it
}

interface Taking {
  readonly agreed: Agreed;
  readonly take: (table: HostTable) => Promise<void>;
}

async function takeEach(portions: AsyncIterable<Portion>, {agreed, take}: Taking): Promise<void> {
  let taking = Promise.resolve();
  try {
    for await (const {table, scratch} of portions) {
      await agreed.add(table);
      await taking;
      taking = take(table).finally(() => rm(scratch, {recursive: true}));
      taking.catch(() => undefined); // told where it is awaited
    }
  } finally {
    await Promise.allSettled([taking]);
  }
  await taking;
}

interface Reading extends Required<Omit<Large, "range">> {
  readonly lines: Lines;
  readonly clock: Clock;
}

/** The portions as tables, read by two sessions in turn: one may be read while the one before it is taken. */
async function* tablesOf(
  duck: Duck,
  sessions: readonly [Duck, Duck],
  {source, how, lines, clock, bytes}: Reading
): AsyncGenerator<Portion> {
  const kin = (file: string) => kinIn(duck, (source.asText ?? source).lines!.of(file), clock);
  let [number, after, isUnsorted] = [0, how.after, false];
  for await (const file of portionsOf(lines, {scratch: how.scratch, bytes, kin})) {
    const scratch = join(how.scratch, `read${number}`);
    await mkdir(scratch);
    const inTurn = {...how, scratch, isUnsorted, ...(after ? {after} : {})};
    const table = await readTable(sessions[number++ % 2]!, portionIn(source, file), inTurn);
    [after, isUnsorted] = [table.last, !table.isSorted];
    yield {table, scratch};
  }
}

function isLocal({kind}: Clock, {timeZone}: How): boolean {
  return kind === "local" && timeZone !== "UTC";
}

function portionIn({asText, ...source}: Source, file: string): Source {
  const at = (all: Source): Source => ({...all, from: all.lines!.of(file), notes: []});
  return {...at(source), ...(asText ? {asText: at(asText)} : {})};
}

/** What portions have told so far. Throws Uneven for one that does not agree with those before it. */
class Agreed {
  readonly #ranges: readonly Range[];
  readonly #spans: Span[][] = [[], [], []];
  readonly #zone: string | undefined;
  readonly #columns = new Map<string, string>(); // what the file calls them, by name
  readonly #leftOut = new Set<string>();
  readonly #decimals = new Map<string, Decimal>(); // by what the file calls a column

  constructor({begin, end}: Required<Range>, zone: string | undefined) {
    this.#ranges = [{begin, end}, {end: begin}, {begin: end}];
    this.#zone = zone;
  }

  async add(table: HostTable): Promise<void> {
    this.#addColumns(table);
    if (this.#zone !== undefined) refuseAmbiguous(table, this.#zone);
    for (const [index, range] of this.#ranges.entries()) {
      const span = await table.spanIn(range);
      const before = this.#spans[index]!;
      if (!span) continue;
      if (before.some(({begin, end}) => span.begin <= end && begin <= span.end)) throw new Uneven();
      before.push(span);
    }
  }

  #addColumns({columns, leftOut, decimals = new Map()}: HostTable): void {
    if (columns.length === 0) throw new Uneven();
    for (const [header, decimal] of decimals) {
      if ((this.#decimals.get(header) ?? decimal) !== decimal) throw new Uneven();
      this.#decimals.set(header, decimal);
    }
    for (const {name, header} of columns) {
      if (this.#leftOut.has(header)) throw new Uneven();
      const same = this.#columns.get(name.toLowerCase()) ?? header;
      if (same !== header) throw new Uneven();
      this.#columns.set(name.toLowerCase(), header);
    }
    const headers = new Set(this.#columns.values());
    for (const header of leftOut) {
      if (headers.has(header)) throw new Uneven();
      this.#leftOut.add(header);
    }
  }
}

/** Of a clock on the wall only the row before it tells a portion's first: not where hours come twice, nor backwards. */
function refuseAmbiguous({isOnward, last}: HostTable, zone: string): void {
  const local = last!.local / 1000;
  const days = 2 * 86_400_000;
  const isTwice = transitionsOf(zone, local - days, local + days).some(
    ({at, before, after}) => local >= at + after && local < at + before
  );
  if (!isOnward || isTwice) throw new Uneven();
}
