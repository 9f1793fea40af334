import type {Column, Series} from "../../pond/types.js";
import {isFlag} from "../readings/flag.js";
import type {Origin, Thread} from "../types.js";

/** A series that tells what it is made of. */
interface Made extends Series {
  origins(): Promise<readonly Origin[]>;
}

/** What a series is made of; nothing where its readings are stored. */
export async function originsIn(series: Series): Promise<readonly Origin[]> {
  return "origins" in series ? (series as Made).origins() : [];
}

/** A series each of whose columns is one of what is made of it, under its own name. */
export async function wholly(series: Series): Promise<Origin> {
  return {series, period: {}, threads: (await readingsOf(series)).map(({name}) => threadOf(name, name))};
}

/** A column under another name, and in whatever unit. */
export function threadOf(from: string, to: string): Thread {
  return {from, to, turns: []};
}

/** The columns that are no flags. */
export async function readingsOf(series: Series): Promise<readonly Column[]> {
  return (await series.columns()).filter((column) => !isFlag(column));
}
