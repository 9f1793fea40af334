import type {Column} from "../../pond/types.js";
import type {FlagCounts, TestName} from "../types.js";

/**
 * Flags beside readings. The readings of `DO.mg/L` are flagged in `DO.mg/L.flag`, what all tests come to, and in
 * `DO.mg/L.flag.spike` and so on, what each test says; the attributes of these columns say whose flags they are.
 */

/** The column of a test's flags; without a test, of what all come to. */
function flagName(column: string, test?: string): string {
  return test === undefined ? `${column}.flag` : `${column}.flag.${test}`;
}

/** The columns of flags for a column of readings. */
export function flagColumns({name, attributes}: Column, tests: readonly TestName[]): readonly Column[] {
  const {instrument, scope} = attributes;
  const whose = {...(instrument === undefined ? {} : {instrument}), ...(scope === undefined ? {} : {scope})};
  return [undefined, ...tests].map((test) => ({
    name: flagName(name, test),
    type: "TINYINT",
    attributes: {...whose, flags: name, ...(test === undefined ? {} : {test})}
  }));
}

/** Whether a column holds flags, and not readings. */
export function isFlag({attributes}: Column): boolean {
  return attributes.flags !== undefined;
}

/** For each column of readings that has flags, the column that tells what all tests come to. */
export function flagsAmong(columns: readonly Column[]): ReadonlyMap<string, string> {
  const found = columns.filter(({attributes}) => attributes.flags !== undefined && attributes.test === undefined);
  return new Map(found.map(({name, attributes}) => [attributes.flags!, name]));
}

/** A column of flags, once the column whose flags they are is called otherwise; it plays that one's role. */
export function flagsOfRenamed({type, attributes}: Column, whose: Column): Column {
  const {instrument, scope} = whose.attributes;
  const role = {...(instrument === undefined ? {} : {instrument}), ...(scope === undefined ? {} : {scope})};
  return {name: flagName(whose.name, attributes.test), type, attributes: {...attributes, ...role, flags: whose.name}};
}

// ---- Packed ----

/** A reading's flags as one number, three bits each: what all tests come to, then what each test says; 0: no reading. */
export type Packed = number;

const missing = 5; // in place of 9, which takes four bits

/** The number of a reading that none of so many tests was asked about. */
export function untested(tests: number): Packed {
  return Array.from({length: tests + 1}, (_, place) => 2 << (3 * place)).reduce((sum, flag) => sum | flag);
}

/** The number with another flag at a place: 0 is what all tests come to, then come the tests. */
export function packed(before: Packed, place: number, flag: number): Packed {
  return (before & ~(7 << (3 * place))) | ((flag === 9 ? missing : flag) << (3 * place));
}

/** SQL of a flag in a packed number; what is missing is 9. */
export function unpackedSql(sql: string, place: number): string {
  return `(CASE (${sql} >> ${3 * place}) & 7 WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 WHEN 4 THEN 4 ELSE 9 END)::TINYINT`;
}

/** How many of the numbers have each flag at a place. */
export function countFlags(numbers: Int32Array, place: number): FlagCounts {
  const counts = new Int32Array(8);
  for (let row = 0; row < numbers.length; row++) counts[(numbers[row]! >> (3 * place)) & 7]!++;
  const [none, good, notEvaluated, suspect, fail] = counts;
  const told = {good: good!, notEvaluated: notEvaluated!, suspect: suspect!, fail: fail!};
  return {...told, missing: none! + counts[missing]!};
}

export const noFlags: FlagCounts = {good: 0, notEvaluated: 0, suspect: 0, fail: 0, missing: 0};

export function addFlags(a: FlagCounts, b: FlagCounts): FlagCounts {
  return {
    good: a.good + b.good,
    notEvaluated: a.notEvaluated + b.notEvaluated,
    suspect: a.suspect + b.suspect,
    fail: a.fail + b.fail,
    missing: a.missing + b.missing
  };
}
