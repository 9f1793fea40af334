import type {Column, Range, Series} from "../../pond/types.js";
import {addFlags} from "./flag.js";
import type {Quality, TestEntry} from "../types.js";

/** How the readings of a series were tested, by column. */
type Qualities = ReadonlyMap<string, Quality>;

/** A series that knows how its readings were tested. */
interface Tested extends Series {
  quality(range?: Range): Promise<Qualities>; // of the readings in the range
}

/** Of a series without tests, nothing. */
export async function qualityIn(series: Series, range?: Range): Promise<Qualities> {
  return "quality" in series ? (series as Tested).quality(range) : new Map<string, Quality>();
}

/** The same under other names; what has none is left out. */
export function renamedQuality(
  qualities: Qualities,
  names: readonly {readonly from: string; readonly column: Column}[]
): Qualities {
  return new Map(names.flatMap(({from, column}) => (qualities.has(from) ? [[column.name, qualities.get(from)!]] : [])));
}

/** What several come to; of tests with different thresholds each is told. */
export function mergedQuality(all: readonly Qualities[]): Qualities {
  const merged = new Map<string, Quality>();
  for (const [name, {flags, tests}] of all.flatMap((one) => [...one])) {
    const before = merged.get(name);
    if (!before) merged.set(name, {flags, tests});
    else merged.set(name, {flags: addFlags(before.flags, flags), tests: mergedTests([...before.tests, ...tests])});
  }
  return merged;
}

function mergedTests(tests: readonly TestEntry[]): readonly TestEntry[] {
  const merged = new Map<string, TestEntry>();
  for (const {flags, ...test} of tests) {
    const key = JSON.stringify([test.name, test.rule, test.thresholds]);
    const before = merged.get(key);
    merged.set(key, {...test, flags: before ? addFlags(before.flags, flags) : flags});
  }
  return [...merged.values()];
}
