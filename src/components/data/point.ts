import type {ResolutionEntry} from "../../../loaders/types.js";

/** One bin of one column, or of the readings themselves one of them: `time` in milliseconds since 1970, a bin's start. */
export interface Point {
  readonly time: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** How many readings of a bin are flagged; of the readings themselves, which one and what it says. */
export interface Flagged {
  readonly time: number;
  readonly suspect: number;
  readonly fail: number;
  readonly value?: number; // of a reading itself
}

/** How wide the bins of a resolution are. */
export type Width = Pick<ResolutionEntry, "widthMs" | "raw">;

/** The middle of a bin, where its mean is drawn; a reading's own time. */
export function middleOf({time}: {readonly time: number}, {raw, widthMs}: Width): number {
  return raw ? time : time + widthMs / 2;
}
