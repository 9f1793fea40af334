import {InvalidArgumentError} from "commander";

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

/** The moment as the pond takes it: microseconds UTC. */
export function momentOf(moment: Moment): {readonly version: number} | {readonly time: number} {
  return typeof moment === "number" ? {version: moment} : {time: moment.getTime() * 1000};
}
