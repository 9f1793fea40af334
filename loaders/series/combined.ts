import {identifier} from "../../pond/duck.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {flagsOfRenamed, isFlag} from "../readings/flag.js";
import {groupBy} from "../group.js";
import {within} from "../reduction/partial.js";
import {mergedQuality, qualityIn, renamedQuality} from "../readings/quality.js";
import {keyOf} from "../reduction/shard.js";
import {threadOf} from "./origin.js";
import type {Claim, Origin, Quality, Thread} from "../types.js";
import {meaningOf, nameFor} from "../readings/parameter.js";
import {type Conversion, conversionFor, convertedSql, toldAs} from "../readings/unit.js";

/** A series while it stands somewhere in one role; half-open, µs UTC. */
export interface Deployment {
  readonly scope: string; // the role, e.g. "AT500_Surface"
  readonly period: Range;
  readonly series: Series;
}

/** How a column of one deployment is called in the combined series. */
interface Naming {
  readonly from: string;
  readonly column: Column;
  readonly conversion?: Conversion; // where the series is to have another unit
  readonly whose?: string; // of flags: the column in the deployment whose they are
}

/** A deployment with the names of its columns of readings. */
interface Named extends Deployment {
  readonly namings: readonly Naming[];
  readonly flags: readonly Column[];
  readonly notes: readonly string[]; // what of it is told as one
  readonly whole: Deployment; // which may tell a thing in several units, each of which is an input
}

/** One whose columns are called as those of the others are; of two with one scope the later wins. */
interface Input extends Omit<Named, "flags"> {
  readonly namings: readonly Naming[]; // of flags as well
  readonly salt: string; // changes when what is made of a piece does
}

/**
 * Several instruments as one series: a full outer join on time across scopes, within a scope the later deployment wins
 * per timestamp and column. One row per timestamp for any number of scopes, because every scope is a set of columns in
 * one GROUP BY and not a join of its own.
 */
export class CombinedSeries implements Series {
  readonly path: string;
  readonly #deployments: readonly Deployment[];
  readonly #units: ReadonlyMap<string, string>;
  #inputs?: Promise<readonly Input[]>;

  /** `units` are those that parameters are to have, by the parameter. */
  constructor(path: string, deployments: readonly Deployment[], units: ReadonlyMap<string, string> = new Map()) {
    this.path = path;
    this.#deployments = deployments;
    this.#units = units;
  }

  /** `<scope>.<parameter>.<unit>`, in the order of the scopes. */
  async columns(): Promise<readonly Column[]> {
    return columnsOf(await this.#named());
  }

  /** A period is part of a piece's key only where it cuts the piece within the range: elsewhere it changes nothing. */
  async pieces(range: Range = {}): Promise<readonly Piece[]> {
    const found = (await this.#named()).map(async ({series, period, salt}) => {
      const clip = intersect(period, range);
      return clip ? (await series.pieces(clip)).map((piece) => clipPiece(piece, {period, range, salt})) : [];
    });
    return (await Promise.all(found)).flat();
  }

  async relation(range: Range = {}): Promise<string> {
    const inputs = await this.#named();
    const columns = columnsOf(inputs);
    const selects = await Promise.all(inputs.map((input, rank) => selectSql(input, {rank, range, columns})));
    return combineSql(columns, selects.flat(), {overlapping: mayMeet(inputs)});
  }

  /** Of each deployment while it stood there. */
  async quality(range: Range = {}): Promise<ReadonlyMap<string, Quality>> {
    const found = (await this.#named()).map(async ({series, period, namings}) => {
      const clip = intersect(period, range);
      return renamedQuality(clip ? await qualityIn(series, clip) : new Map<string, Quality>(), namings);
    });
    return mergedQuality(await Promise.all(found));
  }

  /** What each column comes from: of two inputs that have it at one time, the later. */
  async origins(): Promise<readonly Origin[]> {
    const inputs = await this.#named();
    const threads = inputs.map((_, rank) => threadsOf(inputs, rank));
    return this.#deployments.map((one) => ({
      ...{series: one.series, period: one.period},
      threads: inputs.flatMap(({whole}, rank) => (whole === one ? threads[rank]! : []))
    }));
  }

  /** A sentence for each two columns of one input that are told as one, for they differ in their unit alone. */
  async notes(): Promise<readonly string[]> {
    return (await this.#named()).flatMap(({notes}) => notes);
  }

  #named(): Promise<readonly Input[]> {
    return (this.#inputs ??= Promise.all(this.#deployments.map((one) => nameColumns(one, this.#units))).then((all) =>
      alike(all.flat())
    ));
  }
}

/**
 * One row per timestamp from SELECTs that each have `rank`, `timestamp` and some of the columns: per column the value
 * of the highest rank that has one. Rows that cannot meet another need no grouping.
 */
function combineSql(
  columns: readonly Column[],
  selects: readonly string[],
  {overlapping}: {readonly overlapping: boolean}
): string {
  const typed = columns.map(({name, type}) => `NULL::${type} AS ${identifier(name)}`);
  const none = `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", "NULL::INTEGER AS rank", ...typed].join(", ")} WHERE false`;
  const union = [none, ...selects].join(" UNION ALL BY NAME ");
  const told = (column: Column, sql: string) => {
    const value = isFlag(column) ? `coalesce(${sql}, 9)` : sql;
    return `${value} AS ${identifier(column.name)}`;
  };
  const names = columns.map((column) => told(column, identifier(column.name)));
  if (!overlapping) return `(SELECT ${["timestamp", ...names].join(", ")} FROM (${union}))`;
  const newest = columns.map((column) => told(column, `arg_max(${identifier(column.name)}, rank)`));
  return `(SELECT ${["timestamp", ...newest].join(", ")} FROM (${union}) GROUP BY timestamp)`;
}

interface Selection {
  readonly rank: number;
  readonly range: Range;
  readonly columns: readonly Column[]; // of the combined series
}

async function selectSql({series, period, namings}: Input, {rank, range, columns: all}: Selection): Promise<string[]> {
  const clip = intersect(period, range);
  if (!clip) return [];
  const named = namings.map((naming) => `${valueSql(naming)} AS ${identifier(naming.column.name)}`);
  const unasked = unflagged(namings, all).map(({from, flag}) => `${flagSql(from, "2")} AS ${identifier(flag)}`);
  const columns = ["timestamp", `${rank} AS rank`, ...named, ...unasked].join(", ");
  return [`SELECT ${columns} FROM ${await series.relation(clip)} WHERE ${within(clip)}`];
}

/** A flag says nothing where there is no reading: that of another deployment may be there, with its own. */
function valueSql({from, conversion, whose}: Naming): string {
  return whose === undefined ? convertedSql(identifier(from), conversion) : flagSql(whose, identifier(from));
}

function flagSql(whose: string, flag: string): string {
  return `CASE WHEN ${identifier(whose)} IS NOT NULL THEN ${flag}::TINYINT END`;
}

/** The readings of a deployment that are not tested, where those of another under the same name are. */
function unflagged(namings: readonly Naming[], columns: readonly Column[]): readonly {from: string; flag: string}[] {
  const own = new Set(namings.map(({column}) => column.name));
  return columns
    .filter((column) => isFlag(column) && !own.has(column.name))
    .flatMap(({name, attributes}) => {
      const whose = namings.find(({column}) => column.name === attributes.flags);
      return whose ? [{from: whose.from, flag: name}] : [];
    });
}

/**
 * The columns of a deployment, in the units that are wanted. One that came to tell a thing in another unit is as two that
 * stand there at the same time: the later tells it in the unit that is wanted, or in the one that was there first.
 */
async function nameColumns(deployment: Deployment, units: ReadonlyMap<string, string>): Promise<readonly Named[]> {
  const columns = await deployment.series.columns();
  const readings = columns.filter((column) => !isFlag(column));
  const wantedOf = (column: Column) => units.get(nameFor(column, readings, [...units.keys()]) ?? "");
  const namings = readings.map((column) => namingOf(column, deployment, wantedOf(column)));
  const named = [...groupBy(namings, ({column}) => lower(column)).values()].map((same) =>
    same.toSorted((a, b) => Number(!!a.conversion) - Number(!!b.conversion))
  );
  const notes = named.flatMap((same) => joined(same, deployment, readings));
  const layers = Array.from({length: Math.max(1, ...named.map(({length}) => length))}, (_, layer) =>
    namings.filter((naming) => named.some((same) => same[layer] === naming))
  );
  const flags = columns.filter(isFlag);
  const [newest, ...others] = layers.map((layer) => ({...deployment, whole: deployment, namings: layer, flags}));
  return [...others.map((one) => ({...one, notes: []})).reverse(), {...newest!, notes}];
}

/** Says which columns are told as one. Throws a sentence where they are not one thing in several units. */
function joined(
  [first, ...others]: readonly Naming[],
  {scope, series}: Deployment,
  readings: readonly Column[]
): readonly string[] {
  const told = ({from}: Naming) => readings.find(({name}) => name === from)!;
  const thing = (column: Column) => keyOf(meaningOf(column), column.attributes.instrument, column.attributes.scope);
  return others.map((other) => {
    const both = `The columns ${first!.from} and ${other.from} of ${series.path}`;
    const [one, twin] = [told(first!), told(other)];
    if (thing(one) === thing(twin) && one.attributes.unit !== twin.attributes.unit)
      return `${both} are one in scope ${scope}: ${first!.column.name}.`;
    throw new Error(`${both} would both be ${other.column.name} in scope ${scope}: rename one.`);
  });
}

/** A column is called as the first deployment that has it calls it, and the flags of its readings are called after it. */
function alike(inputs: readonly Named[]): readonly Input[] {
  const calls = new Calls();
  return inputs.map(({flags, ...input}) => {
    const readings = calls.named(input.namings);
    const namings = [...readings, ...flags.flatMap((column) => flagNaming(column, readings))];
    return {...input, namings, salt: saltOf(input.scope, namings)};
  });
}

/**
 * How columns are called. DuckDB does not tell names apart by case; and what has several names, or a unit that has
 * several spellings, is one thing under all of them, unless one deployment tells it twice.
 */
class Calls {
  readonly #byName = new Map<string, Column>();
  readonly #byThing = new Map<string, Column>();

  named(namings: readonly Naming[]): readonly Naming[] {
    const taken = new Set(namings.flatMap(({column}) => this.#byName.get(lower(column)) ?? []));
    return namings.map((naming) => {
      const first = this.#firstOf(naming.column, taken);
      taken.add(first);
      const {parameter, unit} = first.attributes;
      const told = {...(parameter === undefined ? {} : {parameter}), ...(unit === undefined ? {} : {unit})};
      const column = {...naming.column, name: first.name, attributes: {...naming.column.attributes, ...told}};
      return {...naming, column};
    });
  }

  #firstOf(column: Column, taken: ReadonlySet<Column>): Column {
    const known = this.#byName.get(lower(column));
    if (known) return known;
    const thing = thingOf(column);
    const other = this.#byThing.get(thing);
    if (other && !taken.has(other)) return other;
    this.#byName.set(lower(column), column);
    if (!other) this.#byThing.set(thing, column);
    return column;
  }
}

function lower({name}: Column): string {
  return name.toLowerCase();
}

/** The same for columns that tell one thing in one unit. */
function thingOf(column: Column): string {
  const {scope, unit} = column.attributes;
  return JSON.stringify([scope, meaningOf(column), unit === undefined ? null : toldAs(unit)]);
}

function saltOf(scope: string, namings: readonly Naming[]): string {
  const renamed = namings.filter(({from, column, conversion}) => conversion || column.name !== `${scope}.${from}`);
  return keyOf(
    scope,
    renamed.map(({from, column, conversion}) => [from, column.name, ...(conversion ? [conversion] : [])])
  );
}

function namingOf(column: Column, deployment: Deployment, wanted: string | undefined): Naming {
  const {parameter = column.name, unit, statistic} = column.attributes;
  if (wanted === undefined) return {from: column.name, column: scoped(column, deployment)};
  const converted = {...column, attributes: {...column.attributes, parameter, unit: wanted}};
  const conversion = conversionFor({path: deployment.series.path, name: column.name, unit, statistic}, wanted);
  return {from: column.name, column: scoped(converted, deployment), ...(conversion ? {conversion} : {})};
}

/** Flags go with the readings that they are for, whatever these are called. */
function flagNaming(column: Column, readings: readonly Naming[]): readonly Naming[] {
  const whose = readings.find(({from}) => from === column.attributes.flags);
  return whose ? [{from: column.name, column: flagsOfRenamed(column, whose.column), whose: whose.from}] : [];
}

function scoped(column: Column, {scope, series}: Deployment): Column {
  const {instrument, parameter, unit} = column.attributes;
  const name = parameter === undefined ? column.name : unit === undefined ? parameter : `${parameter}.${unit}`;
  return {
    name: `${scope}.${name}`,
    type: column.type,
    attributes: {...column.attributes, instrument: instrument ?? series.path.split("/").at(-1), scope}
  };
}

/** Each name once, where it first stands; of two deployments with one name the later describes it. */
function columnsOf(inputs: readonly Input[]): readonly Column[] {
  const columns = new Map<string, Column>();
  for (const {namings} of inputs) for (const {column} of namings) columns.set(column.name, column);
  return [...columns.values()];
}

/** From one of the inputs: it takes turns with others that have the same column. */
function threadsOf(inputs: readonly Input[], rank: number): readonly Thread[] {
  const {series, period, namings} = inputs[rank]!;
  const readings = namings.filter(({column}) => !isFlag(column));
  return readings.map(({from, column: {name}}) => {
    const claims = (others: readonly Input[]) => others.flatMap((other) => claimOn(name, other, period) ?? []);
    const [after, before] = [claims(inputs.slice(0, rank)), claims(inputs.slice(rank + 1))];
    const isAlone = after.length + before.length === 0;
    return {...threadOf(from, name), turns: isAlone ? [] : [{own: {series, column: from, period}, before}]};
  });
}

/** What an input has for a column, where that may meet what another has in a period. */
function claimOn(column: string, {series, period, namings}: Input, other: Range): Claim | undefined {
  const naming = namings.find((one) => one.column.name === column);
  return naming && intersect(period, other) ? {series, column: naming.from, period} : undefined;
}

interface Clipping {
  readonly period: Range;
  readonly range: Range;
  readonly salt: string;
}

function clipPiece({key, minTime, maxTime}: Piece, {period, range, salt}: Clipping): Piece {
  const first = Math.max(minTime, range.begin ?? -Infinity);
  const last = Math.min(maxTime, (range.end ?? Infinity) - 1);
  const cuts = [
    period.begin !== undefined && period.begin > first ? period.begin : null,
    period.end !== undefined && period.end <= last ? period.end : null
  ];
  return {
    key: keyOf("combine", salt, key, cuts),
    minTime: Math.max(minTime, period.begin ?? -Infinity),
    maxTime: Math.min(maxTime, (period.end ?? Infinity) - 1)
  };
}

/** Whether two inputs can have one timestamp: two scopes always, two periods of one scope where they overlap. */
function mayMeet(inputs: readonly Input[]): boolean {
  return inputs.some(({period}, index) => inputs.slice(index + 1).some((other) => intersect(period, other.period)));
}

/** The instants in both ranges; nothing when there are none. */
export function intersect(a: Range, b: Range): Range | undefined {
  const begin = Math.max(a.begin ?? -Infinity, b.begin ?? -Infinity);
  const end = Math.min(a.end ?? Infinity, b.end ?? Infinity);
  if (begin >= end) return undefined;
  return {...(begin > -Infinity ? {begin} : {}), ...(end < Infinity ? {end} : {})};
}
