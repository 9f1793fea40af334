import {compile} from "../../pond/glob.js";
import type {Column, Range} from "../../pond/types.js";
import {isMeant} from "../readings/parameter.js";
import type {AnnotationRow} from "../series/annotation.js";
import {intersect} from "../series/combined.js";
import type {Flag} from "./qartod.js";
import type {Origin} from "../types.js";

/** A flag that a person gives to the readings of one column in a stretch of time; half-open, µs UTC. */
export interface Mark extends Range {
  readonly column: string;
  readonly flag: Flag;
}

/** What a series is made of, and which of its columns are called how. */
interface Marked {
  readonly origins: readonly Origin[];
  readonly columns: readonly Column[];
}

/**
 * The flags that annotations give to columns: those that come from a series that the annotation names, while they do. Of
 * several for one reading the last counts, which is the one whose annotation begins last, and of those the worse.
 */
export function marksOf(annotations: readonly AnnotationRow[], {origins, columns}: Marked): readonly Mark[] {
  const inOrder = [...annotations].sort((a, b) => a.begin - b.begin || (a.flag ?? 0) - (b.flag ?? 0));
  return inOrder.flatMap(({series, parameter, begin, end, flag}) => {
    if (flag === null) return [];
    const pattern = compile(series);
    return origins
      .filter(({path}) => pattern.match(path))
      .flatMap(({scope, period}) => {
        const range = intersect(period, {begin, end: end ?? undefined});
        const concerned = columns.filter(
          (column) =>
            (scope === undefined || column.attributes.scope === scope) &&
            (parameter === null || column.name === parameter || isMeant(parameter, column, columns))
        );
        return range ? concerned.map(({name}): Mark => ({column: name, flag, ...range})) : [];
      });
  });
}

/** What of the marks lies in a range. */
export function marksIn(marks: readonly Mark[], range: Range): readonly Mark[] {
  return marks.flatMap(({column, flag, ...stretch}) => {
    const both = intersect(stretch, range);
    return both ? [{column, flag, ...both}] : [];
  });
}
