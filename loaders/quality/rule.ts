import * as z from "zod";
import {path} from "../path.js";
import {ifSound} from "../sound.js";
import {parseResolution} from "../time/resolution.js";
import {target} from "../series/target.js";
import type {TestName} from "../types.js";

/** The fields by which a resource asks for the tests of QARTOD. */

/** A length of time as resources spell it, such as 15m. */
export const duration = z.string().regex(/^[1-9]\d{0,5}[smhd]$/, "write a whole number and s, m, h or d, such as 15m");

/** In ms. */
export function lengthOf(text: string): number {
  return parseResolution(text).width / 1000;
}

const amount = z.number().positive();
const span = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, "write the low end first, then the high one");
type Span = z.infer<typeof span>;

/** The two thresholds that every test has, either of which may be left out. */
function limits<T extends z.ZodType>(threshold: T, when: string) {
  return {
    suspect: threshold.optional().describe(`${when} a reading is suspect`),
    fail: threshold.optional().describe(`${when} a reading fails`)
  };
}

/** Refuses a test that never fires, and one whose `fail` would leave nothing to `suspect`. */
function sound<S extends z.ZodType<{suspect?: unknown; fail?: unknown}>>(
  schema: S,
  isMilder: (suspect: never, fail: never) => boolean,
  words: string
): S {
  return schema
    .refine(({suspect, fail}) => suspect !== undefined || fail !== undefined, "write suspect, fail or both")
    .refine(
      ({suspect, fail}) => suspect === undefined || fail === undefined || isMilder(suspect as never, fail as never),
      {error: words, ...ifSound("suspect", "fail")}
    );
}

const isLess = (suspect: number, fail: number) => suspect < fail;
const isMore = (suspect: number, fail: number) => suspect > fail;
const isShorter = (suspect: string, fail: string) => lengthOf(suspect) < lengthOf(fail);
const isInside = ([low, high]: Span, [lowest, highest]: Span) => low >= lowest && high <= highest;
const higher = "the threshold of fail is to be higher than that of suspect";
const longer = "the time of fail is to be longer than that of suspect";
const wider = "the span of suspect is to lie inside that of fail";

const months = z.array(z.int().min(1).max(12)).min(1);

const tests = {
  grossRange: sound(z.strictObject(limits(span, "outside of [low, high]")), isInside, wider)
    .optional()
    .describe("what the sensor can measure (fail), and what the operator expects (suspect); both ends are inside"),
  climatology: z
    .array(
      sound(
        z.strictObject({
          months: months.describe("of the year, 1 to 12, of UTC"),
          ...limits(span, "outside of [low, high]")
        }),
        isInside,
        wider
      )
    )
    .min(1)
    .optional()
    .describe("what months are like; of several that hold a month the last counts, in the others nothing is evaluated"),
  spike: sound(
    z.strictObject({
      ...limits(amount, "further from its neighbours than that"),
      method: z
        .enum(["average", "differential"])
        .default("average")
        .describe(
          "from the mean of the readings before and after, or the smaller of the two steps where they turn back"
        )
    }),
    isLess,
    higher
  )
    .optional()
    .describe("a reading that stands out from the one before and the one after"),
  rateOfChange: sound(z.strictObject(limits(amount, "changing faster than that per hour")), isLess, higher)
    .optional()
    .describe("how fast a reading follows from the one before, per hour"),
  flatLine: sound(
    z.strictObject({
      ...limits(duration, "the same for so long"),
      tolerance: z.number().min(0).default(0).describe("readings no further apart than that are the same")
    }),
    isShorter,
    longer
  )
    .optional()
    .describe("a sensor that is stuck"),
  attenuatedSignal: sound(
    z.strictObject({
      ...limits(amount, "varying less than that"),
      check: z.enum(["std", "range"]).default("std").describe("standard deviation, or the highest less the lowest"),
      period: duration.describe("over how long, up to the reading"),
      minimum: z
        .int()
        .min(2)
        .optional()
        .describe("readings in the period, with fewer nothing is evaluated; half of those that are due unless given")
    }),
    isMore,
    "the threshold of fail is to be lower than that of suspect"
  )
    .optional()
    .describe("a signal that hardly varies: a sensor that is fouled or buried"),
  gap: sound(z.strictObject(limits(duration, "coming later than that after the one before")), isShorter, longer)
    .optional()
    .describe("the first reading after a gap"),
  neighbour: sound(
    z.strictObject({
      ...limits(amount, "further from the neighbour than that"),
      series: path("write a path of the pond, such as /sites/Mouth")
        .optional()
        .describe(
          "the neighbour's series; $0, $1, … stand for what the input's wildcards matched; its own unless given"
        ),
      scope: z.string().min(1).optional().describe("which of the neighbour's, where it has the parameter in several")
    }),
    isLess,
    higher
  )
    .refine(
      ({series, scope}) => series !== undefined || scope !== undefined,
      "say which one: write series, scope or both"
    )
    .optional()
    .describe("the same parameter of another instrument at the same time")
} satisfies Record<Exclude<TestName, "manual">, z.ZodType>;

/** The tests of one parameter, with thresholds in natural units. */
export const rule = z
  .strictObject({
    ...target,
    unit: z.string().min(1).optional().describe("what the thresholds are in; the column's own unless given"),
    interval: duration.optional().describe("from one reading to the next, where it is not that of the others"),
    ...tests
  })
  .refine((found) => Object.keys(tests).some((name) => found[name as keyof typeof tests] !== undefined), {
    error: `there is no test in it: the tests are ${Object.keys(tests).join(", ")}`
  });

export type Rule = z.infer<typeof rule>;
