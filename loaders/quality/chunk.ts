import {
  Field,
  Float64,
  Int32,
  makeData,
  makeVector,
  Schema,
  type Table,
  TimestampMicrosecond,
  type Vector
} from "apache-arrow";
import {tableOf} from "../../pond/arrow.js";
import {identifier} from "../../pond/duck.js";
import type {Range, Series} from "../../pond/types.js";
import {testNames} from "./criterion.js";
import {addFlags, countFlags, noFlags} from "../readings/flag.js";
import {judge, type Readings, type Rows, rowsByGroup} from "./judge.js";
import {firstFrom} from "../reduction/search.js";
import type {Mark} from "./mark.js";
import {within} from "../reduction/partial.js";
import {isTested, type Plan, type Planned, reachOf, testsOf} from "./plan.js";
import {doubles} from "../readings/readings.js";
import {nameOf, timesOf} from "../series/claim.js";
import type {Claim, ColumnCounts, FlagCounts, TestName} from "../types.js";
import {convertedSql} from "../readings/unit.js";

/** Some readings of a series with their flags: how they are read, kept as a table, and counted. */

// ---- Reading ----

/** What is read of a series. */
interface Asked {
  readonly plan: Plan;
  readonly source: Series;
  readonly claims: readonly Claim[]; // which tell what is marked
}

/**
 * The time in µs, the columns, for each that is held against a neighbour that one's readings at the same time, and 1 for
 * each claim that has a reading then.
 */
export async function readingsSql({plan, source, claims}: Asked, range: Required<Range>): Promise<string> {
  const reach = reachOf(plan, range);
  const beside = plan.columns.filter(({neighbour}) => neighbour);
  const neighbours = beside.map(async ({neighbour}, index) => {
    const {series, column, conversion} = neighbour!;
    const value = `${convertedSql(`${identifier(column)}::DOUBLE`, conversion)} AS ${besideName(index)}`;
    return `LEFT JOIN (SELECT timestamp, ${value} FROM ${await series.relation(range)}) USING (timestamp)`;
  });
  const claimed = claims.map(async (claim, index) => {
    const times = await timesOf(claim, range);
    return `LEFT JOIN (SELECT timestamp, 1 AS ${claimName(index)} FROM ${times}) USING (timestamp)`;
  });
  const joins = [...neighbours, ...claimed];
  const names = plan.columns.map(({column}) => `r.${identifier(column.name)}`);
  const others = [...beside.map((_, index) => besideName(index)), ...claims.map((_, index) => claimName(index))];
  const numbers = [...names, ...others].map((name) => `${name}::DOUBLE`);
  const rows = `(SELECT * FROM ${await source.relation(reach)} WHERE ${within(reach)}) AS r`;
  const from = [rows, ...(await Promise.all(joins))].join(" ");
  return `SELECT ${["epoch_us(timestamp)::DOUBLE", ...numbers].join(", ")} FROM ${from} ORDER BY timestamp`;
}

/** What no parameter is called. */
function besideName(index: number): string {
  return `"# beside ${index}"`;
}

function claimName(index: number): string {
  return `"# claim ${index}"`;
}

interface Given extends Omit<Asked, "source"> {
  readonly begun: readonly string[]; // the columns that have readings before it
}

/** What the SQL gives. */
export function readingsIn(
  [times, ...numbers]: readonly Float64Array[],
  {plan: {columns}, claims, begun}: Given
): Readings {
  const beside = columns.filter(({neighbour}) => neighbour).map(({column}) => column.name);
  const values = columns.map(({column}, index) => [column.name, numbers[index]!] as const);
  const others = beside.map((name, index) => [name, numbers[columns.length + index]!] as const);
  const after = columns.length + beside.length;
  const claimed = claims.map((claim, index) => [nameOf(claim), numbers[after + index]!] as const);
  const more = {beside: new Map(others), claimed: new Map(claimed), begun: new Set(begun)};
  return {times: times!, values: new Map(values), ...more};
}

// ---- Flags ----

/** How many readings have which flag: in whole numbers, so that parts add up to the series. */
export interface Tally {
  readonly rows: Readonly<Record<string, number>>; // in which the instrument of a group told anything
  readonly columns: Readonly<Record<string, Readonly<Record<string, FlagCounts>>>>; // by test; "" is what all come to
}

/** Rows with their flags. */
export class Judged {
  readonly #plan: Plan;
  readonly #readings: Readings;
  readonly #rows: ReadonlyMap<string, Rows>;
  readonly #flags: ReadonlyMap<string, Int32Array>; // by column, packed

  constructor(plan: Plan, readings: Readings, marks: readonly Mark[]) {
    this.#plan = plan;
    this.#readings = readings;
    this.#rows = rowsByGroup(plan.columns, readings);
    const tested = plan.columns.filter(isTested);
    this.#flags = new Map(
      tested.map((planned) => [planned.column.name, judge(planned, this.#rows.get(planned.group)!, {readings, marks})])
    );
  }

  /** The rows in a range; columns without a reading in it are left out. */
  table(range: Required<Range>): Table {
    const {times, values} = this.#readings;
    const [begin, end] = this.#bounds(range);
    const cells = this.#present(begin, end).flatMap((planned): [Field, Vector][] => {
      const {name} = planned.column;
      const flags = this.#flags.get(name)?.slice(begin, end);
      return [
        [new Field(name, new Float64(), true), makeVector(doubles(values.get(name)!.slice(begin, end)))],
        ...(flags ? [[new Field(packedName(name), new Int32(), false), integers(flags)] as [Field, Vector]] : [])
      ];
    });
    const micros = new TimestampMicrosecond("UTC");
    const time = [new Field("timestamp", micros, false), instants(times.subarray(begin, end), micros)] as const;
    const columns = [time, ...cells];
    return tableOf(
      new Schema(columns.map(([field]) => field)),
      columns.map(([, vector]) => vector)
    );
  }

  tally(range: Required<Range>): Tally {
    const [begin, end] = this.#bounds(range);
    const within = ({indices}: Rows) => indices.subarray(firstFrom(indices, begin), firstFrom(indices, end));
    const rows = new Map([...this.#rows].map(([group, own]) => [group, within(own)]));
    const columns = this.#present(begin, end)
      .filter(isTested)
      .map((planned) => {
        const flags = this.#flags.get(planned.column.name)!;
        const own = rows.get(planned.group)!.map((row) => flags[row]!);
        const tests = new Set([...testsOf(planned), "manual" as const]); // which may come to be told elsewhere
        const counts = [undefined, ...tests].map((test) => [test ?? "", countFlags(own, placeOf(test))] as const);
        return [planned.column.name, Object.fromEntries(counts)] as const;
      });
    return {
      rows: Object.fromEntries([...rows].map(([group, {length}]) => [group, length])),
      columns: Object.fromEntries(columns)
    };
  }

  #bounds({begin, end}: Required<Range>): readonly [begin: number, end: number] {
    return [firstFrom(this.#readings.times, begin), firstFrom(this.#readings.times, end)];
  }

  #present(begin: number, end: number): readonly Planned[] {
    return this.#plan.columns.filter(({column}) => {
      const numbers = this.#readings.values.get(column.name)!.subarray(begin, end);
      return numbers.some((value) => !Number.isNaN(value));
    });
  }
}

/** What parts come to; where one has nothing of a column, what its instrument told lacks it. */
export function totalOf(planned: Planned, tallies: readonly Tally[]): ColumnCounts {
  const {column, group} = planned;
  const total = (test?: TestName) =>
    tallies
      .map(({rows, columns}) => columns[column.name]?.[test ?? ""] ?? {...noFlags, missing: rows[group] ?? 0})
      .reduce(addFlags, noFlags);
  const tests = testsOf(planned).map((test) => [test, total(test)] as const);
  return {column: column.name, flags: total(), tests: Object.fromEntries(tests)};
}

/** Where a test's flag stands in a packed number. */
export function placeOf(test: TestName | undefined): number {
  return test === undefined ? 0 : testNames.indexOf(test) + 1;
}

/** The column of a file that holds a column's flags; no parameter is called so. */
export function packedName(column: string): string {
  return `# flags of ${column}`;
}

function integers(data: Int32Array): Vector {
  return makeVector(makeData({type: new Int32(), data, length: data.length}));
}

function instants(times: Float64Array, type: TimestampMicrosecond): Vector {
  return makeVector(makeData({type, data: BigInt64Array.from(times, BigInt), length: times.length}));
}
