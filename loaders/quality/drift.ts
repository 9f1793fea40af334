import {compile} from "../../pond/glob.js";
import type {Column} from "../../pond/types.js";
import {areAlike} from "../readings/parameter.js";
import type {AnnotationRow} from "../series/annotation.js";
import {recipeOf, takeTurns} from "../series/claim.js";
import {intersect} from "../series/combined.js";
import {type Ancestor, threadsOf} from "../series/lineage.js";
import {type Adjustment, amountIn, meet, type Point} from "./correction.js";
import type {Thread} from "../types.js";

/** A series whose columns come from others. */
interface Drifting {
  readonly path: string;
  readonly columns: readonly Column[]; // those of numbers
  readonly lineage: readonly Ancestor[];
}

/** What calibrations tell of drifts. */
interface Drifts {
  readonly adjustments: readonly Adjustment[];
  readonly endless: readonly Calibration[]; // before which nothing tells when readings were right
  readonly disputed: readonly (readonly [Calibration, Calibration])[]; // of one instant, which tell of one column otherwise
}

/** A calibration that tells how far readings had drifted. */
export interface Calibration extends AnnotationRow {
  readonly offset: number;
  readonly parameter: string;
}

/** A calibration of what comes from one origin, and when that was right the last time before. */
interface Found {
  readonly calibration: Calibration;
  readonly origin: Ancestor;
  readonly since?: number; // µs UTC
}

/** What a calibration does to a column. */
interface Drift {
  readonly one: Found;
  readonly thread: Thread;
  readonly adjustment: Line;
}

/** From when readings were right to the calibration. */
interface Line extends Adjustment {
  readonly by: readonly [Point, Point];
}

/**
 * The drifts that calibrations found: none when the instrument was deployed or calibrated the last time before, the
 * whole of the offset just before the calibration. Where an annotation names several of what a series is made of, or
 * others tell the same of one instant, that counts which is furthest back. Where they tell otherwise, none does.
 */
export function driftsOf(annotations: readonly AnnotationRow[], {path, columns, lineage}: Drifting): Drifts {
  const found = lineage.toReversed().flatMap((origin) => calibrationsOf(origin, annotations));
  const drifts: Drift[] = [];
  const disputed: (readonly [Drift, Drift])[] = [];
  for (const one of found)
    for (const {column, thread} of concerned(one, columns)) {
      const adjustment = adjustmentOf(one, {path, column, thread});
      if (!adjustment) continue;
      const drift = {one, thread, adjustment};
      const twins = drifts.filter((other) => areTwins(other, drift));
      const rival = twins.find((other) => !isOne(other, drift) && !areEqual(other.adjustment, adjustment));
      if (rival) disputed.push([rival, drift]);
      if (twins.length === 0) drifts.push(drift);
    }
  const begun = new Set(found.flatMap(({calibration, since}) => (since === undefined ? [] : calibration)));
  const own = found.filter(({origin}) => !origin.isMended);
  const endless = own.filter((one) => !begun.has(one.calibration) && concerned(one, columns).length > 0);
  const refused = new Set(disputed.map(([rival]) => rival));
  const counting = drifts.filter((drift) => !drift.one.origin.isMended && !refused.has(drift));
  return {
    adjustments: counting.map(({adjustment}) => adjustment),
    endless: [...new Set(endless.map(({calibration}) => calibration))],
    disputed: disputed.map(([rival, drift]) => [rival.one.calibration, drift.one.calibration])
  };
}

/** Whether two tell of the same readings at one instant; what is left after one was corrected is another matter. */
function areTwins(a: Drift, b: Drift): boolean {
  const isLeft = a.one.origin.isMended || b.one.origin.isMended;
  const areAtOnce = a.one.calibration.begin === b.one.calibration.begin && !isLeft;
  return (isOne(a, b) || areAtOnce) && meet(a.adjustment, b.adjustment) && !takeTurns(a.thread, b.thread);
}

function isOne(a: Drift, b: Drift): boolean {
  return a.one.calibration === b.one.calibration;
}

/** Whether two end at the same offset, but for how units round it. */
function areEqual({by: [, {offset: a}]}: Line, {by: [, {offset: b}]}: Line): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.abs(a);
}

function calibrationsOf(origin: Ancestor, annotations: readonly AnnotationRow[]): readonly Found[] {
  const visits = annotations
    .filter(({kind}) => kind === "deployment" || kind === "calibration")
    .filter(({series}) => compile(series).match(origin.path))
    .sort((a, b) => a.begin - b.begin);
  return visits.filter(isOff).map((calibration) => {
    const {begin, parameter} = calibration;
    const before = visits
      .filter((visit) => visit.parameter === null || areAlike(visit.parameter, parameter))
      .map(startOf);
    const since = Math.max(...before.filter((time) => time < begin));
    return {calibration, origin, ...(since > -Infinity ? {since} : {})};
  });
}

function isOff(visit: AnnotationRow): visit is Calibration {
  return visit.offset !== null && visit.parameter !== null;
}

/** From when on an instrument is right: µs UTC. */
function startOf({kind, begin, end}: AnnotationRow): number {
  return kind === "calibration" ? (end ?? begin) : begin;
}

/** What has the origin's readings, from before the calibration, and by what thread. */
interface Concerned {
  readonly column: Column;
  readonly thread: Thread;
}

/** What is computed of readings has not drifted as they have. */
function concerned({calibration, origin}: Found, columns: readonly Column[]): readonly Concerned[] {
  const {parameter, begin: end} = calibration;
  if (!intersect(origin.period, {end})) return [];
  const threads = threadsOf(origin, parameter, columns).filter(({isMade}) => !isMade);
  return threads.flatMap((thread) => {
    const column = columns.find(({name}) => name === thread.to);
    return column ? [{column, thread}] : [];
  });
}

function adjustmentOf(
  {calibration, origin, since}: Found,
  {path, column, thread}: Concerned & {readonly path: string}
): Line | undefined {
  const {begin: time, offset} = calibration;
  const range = since === undefined ? undefined : intersect(origin.period, {begin: since, end: time});
  if (since === undefined || !range) return undefined;
  const unit = calibration.unit ?? origin.columns.find(({name}) => name === thread.from)?.attributes.unit;
  const whole = amountIn({path, column}, unit)({offset});
  const by = [
    {time: since, factor: 1, offset: 0},
    {time, ...whole}
  ] as const;
  const {turns} = thread;
  return {...range, column: column.name, by, turns, recipe: [column, by, ...recipeOf(turns)]};
}
