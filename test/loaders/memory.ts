import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {onTestFinished} from "vitest";
import {Duck, identifier} from "../../pond/duck.js";
import type {Column, Piece, Range, Series} from "../../pond/types.js";
import {keyOf, overlaps} from "../../loaders/reduction/shard.js";

/** One reading: microseconds since 1970 and its values by column; null says nothing. */
export interface Reading {
  readonly time: number;
  readonly values: Readonly<Record<string, number | null>>;
}

export const minute = 60e6;
export const hour = 60 * minute;
export const day = 24 * hour;

/** An instant as the project counts them. */
export function micros(iso: string): number {
  return Date.parse(iso) * 1000;
}

/** A series in memory, made of versions as a stored one is: the newest wins per timestamp and column. */
export function readingsSeries(path: string, versions: readonly (readonly Reading[])[]): Series {
  const names = [...new Set(versions.flat().flatMap(({values}) => Object.keys(values)))];
  const filled = versions.filter((version) => version.length > 0);
  const pieces = filled.map(pieceOf);
  return {
    path,
    columns: async () => names.map(columnOf),
    pieces: async (range: Range = {}) => pieces.filter((piece) => overlaps(piece, range)),
    relation: async (range: Range = {}) =>
      relationOf(
        names,
        merged(filled).filter(({time}) => overlaps({minTime: time, maxTime: time}, range))
      )
  };
}

/** What the versions come to: one reading per timestamp, sorted. */
export function merged(versions: readonly (readonly Reading[])[]): readonly Reading[] {
  const byTime = new Map<number, Record<string, number | null>>();
  for (const {time, values} of versions.flat()) {
    const known = byTime.get(time) ?? {};
    for (const [name, value] of Object.entries(values)) known[name] = value ?? known[name] ?? null;
    byTime.set(time, known);
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([time, values]) => ({time, values}));
}

/** A directory that goes with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "duckpond-"));
  onTestFinished(() => rm(directory, {recursive: true, force: true}));
  return directory;
}

/** A DuckDB that goes with the test. */
export async function openDuck(): Promise<Duck> {
  const duck = new Duck();
  onTestFinished(() => duck.close());
  return duck;
}

/** Rows of a series in time order, timestamps in microseconds. */
export async function rowsOf(duck: Duck, series: Series, range?: Range): Promise<Record<string, number | null>[]> {
  const rows = await duck.rows(
    `SELECT epoch_us(timestamp)::DOUBLE AS time, * EXCLUDE (timestamp) FROM ${await series.relation(range)} ORDER BY 1`
  );
  return rows as Record<string, number | null>[];
}

function columnOf(name: string): Column {
  const [, parameter, unit] = /^([^.]+)\.(.+)$/.exec(name) ?? [];
  return {name, type: "DOUBLE", attributes: parameter === undefined ? {} : {parameter, unit}};
}

function pieceOf(version: readonly Reading[]): Piece {
  const times = version.map(({time}) => time);
  return {key: keyOf(version), minTime: Math.min(...times), maxTime: Math.max(...times)};
}

function relationOf(names: readonly string[], readings: readonly Reading[]): string {
  const typed = names.map((name) => `NULL::DOUBLE AS ${identifier(name)}`);
  const none = `SELECT ${["NULL::TIMESTAMPTZ AS timestamp", ...typed].join(", ")} WHERE false`;
  const rows = readings.map(({time, values}) => `(${[time, ...names.map((name) => spell(values[name]))].join(", ")})`);
  if (rows.length === 0) return `(${none})`;
  const columns = ["time", ...names].map(identifier).join(", ");
  const told = ["make_timestamptz(time::BIGINT) AS timestamp", ...names.map(identifier)].join(", ");
  return `(SELECT ${told} FROM (VALUES ${rows.join(", ")}) AS r(${columns}))`;
}

function spell(value: number | null | undefined): string {
  return value === null || value === undefined ? "NULL::DOUBLE" : `'${value}'::DOUBLE`;
}
