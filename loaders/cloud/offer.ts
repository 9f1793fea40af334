import type {Fault, FaultPlan} from "./fault.js";
import type {RateLimit} from "./limiter.js";
import type {Credentials} from "./token.js";

/** What HydroVu's API says of where an instrument is. */
export interface CloudLocation {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly gps?: {readonly latitude: number; readonly longitude: number};
}

/** The readings of one instant: NaN where there is none. */
export interface CloudRow {
  readonly time: number; // s since 1970
  readonly values: readonly number[]; // in the order of the source's parameters
}

/** What a cloud tells of, and how it gets at it. */
export interface CloudSource {
  readonly names: {
    readonly parameters: Readonly<Record<string, string>>;
    readonly units: Readonly<Record<string, string>>;
  };
  readonly locations: readonly CloudLocation[];
  /** The columns of a location. */
  columns(id: number): readonly {readonly parameterId: string; readonly unitId: string}[];
  /** The rows of a location in `[begin, end]`, s since 1970, by time, the first of them up to a limit. */
  rows(id: number, span: {readonly begin: number; readonly end: number}, limit: number): readonly CloudRow[];
}

/** What is served, and how well. */
export interface CloudOptions {
  readonly source: CloudSource;
  readonly faults?: FaultPlan;
  readonly limit?: RateLimit; // what is granted; more is answered with 429. As much as is asked unless given
  readonly page?: number; // rows on a page
  readonly retryAfter?: number; // s, what a busy server asks to wait
  readonly tokenLife?: number; // s
  readonly credentials?: Credentials; // any will do unless given
  readonly port?: number; // a free one unless given
}

/** One request, as it was answered. */
export interface Exchange {
  readonly at: number; // ms, of a clock that never goes back: when it came
  readonly path: string; // with its query
  readonly location?: number; // whose readings were asked for
  readonly from?: number; // s since 1970: the page that was asked for begins there
  readonly status: number; // 0: cut off
  readonly fault?: Fault | "limit";
  readonly retryAt?: number; // ms of the same clock: not to be asked again before
}
