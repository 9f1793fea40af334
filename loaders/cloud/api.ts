import * as z from "zod";
import type {Client} from "./client.js";
import {ApiError, HttpError} from "./http.js";

/**
 * HydroVu's public API, as its own documentation at https://www.hydrovu.com/public-api/docs/ has it. Times are whole
 * seconds since 1970, UTC. What a page leaves is asked for with a cursor that means something to the server alone.
 */

const names = z.record(z.string(), z.string().optional().catch(undefined)); // what has none is called by its number
const friendlyNames = z.object({parameters: names, units: names});

const id = z.union([z.int(), z.string().min(1)]).transform(String);

/** What is odd in one but its id is left out, for its readings are asked for by that alone. */
const location = z
  .object({
    id,
    name: z.string().catch(""),
    description: z.string().nullish().catch(undefined),
    gps: z.object({latitude: z.number(), longitude: z.number()}).nullish().catch(undefined)
  })
  .transform((told) => ({...told, name: told.name.trim() || told.id}));

const text = z.string().transform((text) => (text.trim() === "" ? NaN : Number(text))); // Number("") would be 0
const value = z.union([z.number(), text, z.null()]); // what is no number then is no reading
const reading = z.object({timestamp: z.number().min(-1e11).max(1e12), value});

const data = z.object({
  parameters: z.array(z.object({parameterId: id, unitId: id, readings: z.array(reading)}))
});

/** What the ids in pages are called. */
export type FriendlyNames = z.infer<typeof friendlyNames>;

/** Where an instrument is, and so the instrument: HydroVu keeps its readings under the place. */
export type Location = z.infer<typeof location>;

/** The locations of an account. */
export interface Locations {
  readonly found: readonly Location[];
  readonly errors: readonly string[]; // a sentence for each that cannot be asked for its readings
}

/** Readings of one parameter. */
export type ParameterData = z.infer<typeof data>["parameters"][number];

/** Some of the readings of a location. */
export interface DataPage {
  readonly parameters: readonly ParameterData[];
  readonly next?: string; // the cursor of the page that follows; none: this was the last
}

/** Which readings of a location. */
export interface Span {
  readonly begin: number; // s since 1970, inclusive
  readonly end: number; // s since 1970
  readonly cursor?: string; // where to go on; from the first page unless given
}

/** What is said of a location without an id; a number of more than 53 bits is another by the time it is read. */
function unusable(told: unknown): string {
  const {name} = z.object({name: z.string()}).catch({name: ""}).parse(told);
  const which = name === "" ? "a location" : `a location ${JSON.stringify(name)}`;
  return `HydroVu tells of ${which} whose id is no number that can be asked for: list in devices what is to be read.`;
}

/** How often in a row a server may send a page that leads to itself. */
const patience = 5;

export class Api {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async names(): Promise<FriendlyNames> {
    return (await this.#client.ask({path: "v1/sispec/friendlynames", body: friendlyNames})).body;
  }

  async locations(): Promise<Locations> {
    const found = new Map<string, Location>(); // by id: a page may come twice
    const errors = new Set<string>();
    for await (const {body} of this.#pages("v1/locations/list", z.array(z.unknown())))
      for (const told of body) {
        const {data: one} = location.safeParse(told);
        if (one) found.set(one.id, one);
        else errors.add(unusable(told));
      }
    return {found: [...found.values()], errors: [...errors]};
  }

  /** The readings of a location, page by page; the next is not asked for until it is wanted. */
  async *data(location: string, {begin, end, cursor}: Span): AsyncGenerator<DataPage> {
    const path = `v1/locations/${encodeURIComponent(location)}/data?startTime=${begin}&endTime=${end}`;
    let isFirst = cursor === undefined;
    try {
      for await (const {body, next} of this.#pages(path, data, cursor)) {
        isFirst = false;
        yield {parameters: body.parameters, next};
      }
    } catch (error) {
      const isNothing = isFirst && error instanceof HttpError && error.status === 404;
      if (!isNothing) throw error;
      yield {parameters: []}; // a location that has nothing in a span is not found
    }
  }

  async *#pages<Body>(
    path: string,
    body: z.ZodType<Body>,
    from?: string
  ): AsyncGenerator<{readonly body: Body; readonly next?: string}> {
    const seen = new Set<string>();
    let repeats = 0;
    for (let cursor = from; ;) {
      const headers: Record<string, string> = cursor === undefined ? {} : {"x-isi-start-page": cursor};
      const answer = await this.#client.ask({path, headers, body});
      const next = answer.headers.get("x-isi-next-page") || undefined;
      yield {body: answer.body, next};
      if (next === undefined) return;
      repeats = next === cursor ? repeats + 1 : 0;
      if (repeats > patience || (next !== cursor && seen.has(next)))
        throw new ApiError(`GET ${path} sends the same page again and again: the next run tries again`);
      seen.add(next);
      cursor = next;
    }
  }
}
