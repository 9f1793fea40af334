import {join} from "node:path";
import {NoTime} from "../time/shape.js";
import {isPacked, writeWithout} from "./content.js";
import type {Cut, Lines} from "./source.js";

/**
 * A line whose time cannot be read, as a logger leaves one whose power went while it wrote a time, and that went on
 * behind it. Where another line has something of that shape, it is the clock that is wrong, or how it is read, and the
 * file is for a person to look at.
 */

/** As many other lines there have to be, to tell from. */
const fewest = 10;

/** The text that an error says is no time. */
export function noTimeIn(error: unknown): NoTime | undefined {
  if (error instanceof NoTime) return error;
  return error instanceof Error ? noTimeIn(error.cause) : undefined;
}

/** The file without the line of that text, written into `scratch`; undefined where that may be right. */
export async function withoutUntimely(
  {text, row}: NoTime,
  {path, lead, marks}: Lines,
  scratch: string
): Promise<Cut | undefined> {
  if (marks === undefined) return undefined;
  const target = join(scratch, "timely.csv");
  const wanted = text.trim();
  let [isThere, alike, others] = [false, 0, 0];
  await writeWithout(path, target, (line, number) => {
    const values = line
      .toString("utf8")
      .split(marks.delimiter)
      .map((value) => value.replaceAll(marks.quote, "").trim());
    if (number === lead + row) return (isThere = values.includes(wanted));
    others++;
    if (values.some((value) => shapeOf(value) === shapeOf(wanted))) alike++;
    return false;
  });
  const isAlone = isThere && alike === 0 && others >= fewest;
  return isAlone ? {path: target, isSame: !isPacked(path), left: [lead + row]} : undefined;
}

function shapeOf(text: string): string {
  return text.replace(/\d/g, "9");
}
