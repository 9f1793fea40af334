import {compile} from "../../pond/glob.js";
import type {Column, Range} from "../../pond/types.js";
import type {AnnotationRow} from "../series/annotation.js";
import {recipeOf} from "../series/claim.js";
import {intersect} from "../series/combined.js";
import {type Ancestor, threadsOf} from "../series/lineage.js";
import type {Flag} from "./qartod.js";
import type {Turn} from "../types.js";

/** A flag that a person gives to the readings of one column in a stretch of time; half-open, µs UTC. */
export interface Mark extends Range {
  readonly column: string;
  readonly flag: Flag;
  readonly turns: readonly Turn[]; // in which the readings are told that it is for
}

/** What a series is made of, and which columns it has. */
interface Marked {
  readonly lineage: readonly Ancestor[];
  readonly columns: readonly Column[];
}

/**
 * The flags that annotations give to columns: those that come from a series that the annotation names, while they do. Of
 * several for one reading the last counts, which is the one whose annotation begins last, and of those the worse.
 */
export function marksOf(annotations: readonly AnnotationRow[], {lineage, columns}: Marked): readonly Mark[] {
  const inOrder = [...annotations].sort((a, b) => a.begin - b.begin || (a.flag ?? 0) - (b.flag ?? 0));
  const there = new Set(columns.map(({name}) => name));
  return inOrder.flatMap(({series, parameter, begin, end, flag}) => {
    if (flag === null) return [];
    const pattern = compile(series);
    const found = lineage
      .filter(({path}) => pattern.match(path))
      .flatMap((ancestor) => {
        const range = intersect(ancestor.period, {begin, end: end ?? undefined});
        const threads = range ? threadsOf(ancestor, parameter, columns).filter(({to}) => there.has(to)) : [];
        return threads.map((one): Mark => ({column: one.to, flag, turns: one.turns, ...range}));
      });
    return [...new Map(found.map((mark) => [JSON.stringify(toldOf(mark)), mark])).values()];
  });
}

/** What of the marks lies in a range. */
export function marksIn(marks: readonly Mark[], range: Range): readonly Mark[] {
  return marks.flatMap(({column, flag, turns, ...stretch}) => {
    const both = intersect(stretch, range);
    return both ? [{column, flag, turns, ...both}] : [];
  });
}

/** All that tells what a mark does to readings, for keys. */
export function toldOf({turns, column, flag, ...stretch}: Mark): readonly unknown[] {
  return [{column, flag, ...stretch}, ...recipeOf(turns)];
}
