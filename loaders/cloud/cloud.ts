import {once} from "node:events";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {Desk, root} from "./desk.js";
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
  columns(id: number): readonly {readonly parameterId: string; readonly unitId: string}[];
  /** The rows of a location in `[begin, end]`, s since 1970, by time, the first of them up to a limit. */
  rows(id: number, span: {readonly begin: number; readonly end: number}, limit: number): readonly CloudRow[];
}

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

/** A cloud that is listening. */
export interface Cloud {
  readonly url: string; // of the API
  readonly exchanges: readonly Exchange[]; // in the order in which they were answered
  close(): Promise<void>;
}

/** Serves HydroVu's API on this machine alone: a source's readings, a page at a time, with faults as they are planned. */
export async function serveCloud(options: CloudOptions): Promise<Cloud> {
  const exchanges: Exchange[] = [];
  const desk = new Desk(options, (exchange) => exchanges.push(exchange));
  const server = createServer((request, response) => void desk.answer(request, response));
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening").catch((error: Error & {readonly code?: string}) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`the port ${options.port} is in use: choose another, or none`, {cause: error});
  });
  const {port} = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${root}`,
    exchanges,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  };
}
