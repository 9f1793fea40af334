import {identifier} from "../../pond/duck.js";
import type {Range} from "../../pond/types.js";
import {within} from "../reduction/partial.js";
import type {Claim, Thread, Turn} from "../types.js";
import {intersect} from "./combined.js";

/** Readings that several inputs have for one column: of those of one time one is told. */

/** Whether two threads tell of other readings, for one is told where the other is not. */
export function takeTurns(a: Thread, b: Thread): boolean {
  const gives = (one: Thread, other: Thread) => {
    const before = new Set(one.turns.flatMap((turn) => turn.before.map(nameOf)));
    return other.turns.some(({own}) => before.has(nameOf(own)));
  };
  return gives(a, b) || gives(b, a);
}

/** Whether readings are told, where `has` says which of the claims have one. */
export function isTold(turns: readonly Turn[], has: (claim: Claim) => boolean): boolean {
  return turns.every(({own, before}) => has(own) && !before.some(has));
}

/** The same as SQL, of the readings of a range. */
export async function toldSql(turns: readonly Turn[], range: Range): Promise<string> {
  const has = async (claim: Claim) => `timestamp IN ${await timesOf(claim, range)}`;
  const told = turns.map(async ({own, before}) => {
    const others = await Promise.all(before.map(has));
    return [await has(own), ...others.map((other) => `NOT ${other}`)].join(" AND ");
  });
  return turns.length === 0 ? "true" : (await Promise.all(told)).join(" AND ");
}

/** All claims of turns. */
export function claimsOf(turns: readonly Turn[]): readonly Claim[] {
  return turns.flatMap(({own, before}) => [own, ...before]);
}

/** The same claims, each once. */
export function eachOnce(claims: readonly Claim[]): readonly Claim[] {
  return [...new Map(claims.map((claim) => [nameOf(claim), claim])).values()];
}

/** All that tells whose turn it is when, for keys; of turns that there are not, nothing. */
export function recipeOf(turns: readonly Turn[]): readonly unknown[] {
  return turns.length === 0 ? [] : [turns.map(({own, before}) => [nameOf(own), before.map(nameOf)])];
}

/** What tells a claim from others; its readings themselves are part of what is made of them. */
export function nameOf({series, column, period: {begin, end}}: Claim): string {
  return JSON.stringify([series.path, column, begin ?? null, end ?? null]);
}

/** A parenthesised SELECT of the times, `timestamp`, at which it has a reading in a range. */
export async function timesOf({series, column, period}: Claim, range: Range): Promise<string> {
  const own = intersect(period, range);
  if (!own) return "(SELECT NULL::TIMESTAMPTZ AS timestamp WHERE false)";
  return `(SELECT timestamp FROM ${await series.relation(own)} WHERE ${identifier(column)} IS NOT NULL AND ${within(own)})`;
}
