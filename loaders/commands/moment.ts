import {InvalidArgumentError} from "commander";
import type {Moment as PondMoment} from "../../pond/types.js";

/** A point of the pond's history as a user names it: a transaction's number or an instant. */
export type Moment = number | Date;

/** Reads "12" or "2026-03-01T00:00Z". Throws wrong usage when it is neither. */
export function parseMoment(text: string): Moment {
  if (/^\d+$/.test(text)) return Number(text);
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError("It is a transaction number or an ISO 8601 instant.");
  return time;
}

const units = {h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000} as const;

/** The milliseconds of "12h", "90d" or "2w"; undefined when it is none. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([hdw])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}

/** The moment as the pond takes it: microseconds UTC. */
export function momentOf(moment: Moment): PondMoment {
  return typeof moment === "number" ? {version: moment} : {time: moment.getTime() * 1000};
}
