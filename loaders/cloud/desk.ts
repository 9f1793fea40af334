import {randomUUID} from "node:crypto";
import type {IncomingMessage, ServerResponse} from "node:http";
import {Faults} from "./fault.js";
import type {Fault} from "./fault.js";
import type {CloudOptions, CloudRow, CloudSource, Exchange} from "./offer.js";
import {basic} from "./token.js";

/** The path of the API, which all others begin with. */
export const root = "/public-api";

const base = "http://cloud"; // in front of the path that a request names
const listed = 5; // locations on a page of their list

/** A request, read to its end. */
interface Inquiry {
  readonly at: number;
  readonly key: string; // what tells it from others
  readonly path: string; // below the API's root
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: URLSearchParams;
  readonly faults: ReadonlySet<Fault>;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly note?: Partial<Exchange>;
}

/** Answers what a cloud is asked, as HydroVu does, and as its faults have it; tells each answer. */
export class Desk {
  readonly #options: CloudOptions;
  readonly #faults: Faults;
  readonly #tell: (exchange: Exchange) => void;
  readonly #tokens = new Map<string, number>(); // until when each is good, ms since 1970
  #granted: number[] = []; // when the requests came that the limit allowed

  constructor(options: CloudOptions, tell: (exchange: Exchange) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#faults = new Faults(options.faults ?? {seed: 0, faults: [], share: 0});
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!URL.canParse(request.url!, base)) return send(response, {status: 400}, 1); // such as //
    const asked = await this.#inquiry(request).catch(goneOr);
    if (!asked) return;
    const reply = this.#reply(asked);
    const isCut = reply.status < 300 && asked.faults.has("cut");
    const fate: Partial<Exchange> = isCut ? {status: 0, fault: "cut"} : {status: reply.status};
    this.#tell({at: asked.at, path: request.url!.slice(root.length), status: 0, ...reply.note, ...fate});
    send(response, reply, isCut ? this.#faults.chance(asked.key, "where") : 1);
  }

  async #inquiry(request: IncomingMessage): Promise<Inquiry> {
    const at = performance.now();
    const {pathname, search, searchParams: query} = new URL(request.url!, base);
    const {headers} = request;
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = new URLSearchParams(Buffer.concat(chunks).toString());
    const [path, cursor] = [pathname.slice(root.length), headers[startPage] as string | undefined];
    const key = [path, search, cursor].join(" ");
    const faults = this.#faults.of(key, (fault) => isPossible(fault, path, cursor));
    return {at, key, path, query, headers, body, faults};
  }

  #reply(asked: Inquiry): Reply {
    const refusal = this.#refusal(asked);
    if (refusal) return refusal;
    if (asked.path === tokens) return this.#grant(asked);
    const unknown = this.#unknownToken(asked);
    if (unknown) return unknown;
    const {source} = this.#options;
    if (asked.path === "/v1/sispec/friendlynames") return {status: 200, body: source.names};
    if (asked.path === "/v1/locations/list") return this.#list(asked);
    const [, id] = /^\/v1\/locations\/(\d+)\/data$/.exec(asked.path) ?? [];
    const isKnown = source.locations.some((location) => String(location.id) === id);
    return isKnown ? this.#data(asked, Number(id)) : {status: 404};
  }

  // ---- What is refused ----

  #refusal({at, key, faults}: Inquiry): Reply | undefined {
    const over = this.#overLimit(at);
    if (over !== undefined) return this.#busy(429, {at, key, seconds: over, fault: "limit"});
    const {retryAfter: seconds = 1} = this.#options;
    if (faults.has("429")) return this.#busy(429, {at, key, seconds, fault: "429"});
    if (faults.has("503")) return this.#busy(503, {at, key, seconds, fault: "503"});
    return faults.has("500") ? {status: 500, note: {fault: "500"}} : undefined;
  }

  /** How long, in s, until a request will be allowed; undefined when this one is. */
  #overLimit(at: number): number | undefined {
    const {limit} = this.#options;
    if (!limit) return undefined;
    this.#granted = this.#granted.filter((time) => at - time < limit.per);
    if (this.#granted.length < limit.requests) {
      this.#granted.push(at);
      return undefined;
    }
    return Math.ceil((this.#granted[0]! + limit.per - at) / 1000);
  }

  /** Asks to wait, in one of the two ways to say how long. */
  #busy(status: number, {at, key, seconds, fault}: Wait): Reply {
    const date = new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000);
    const isDated = this.#faults.chance(key, "dated") < 0.5;
    const until = isDated ? date.getTime() - Date.now() : seconds * 1000;
    const headers = {"retry-after": isDated ? date.toUTCString() : String(seconds)};
    return {status, headers, note: {fault, retryAt: at + until}};
  }

  #grant({headers, body}: Inquiry): Reply {
    const {credentials, tokenLife = 3600} = this.#options;
    const expected = credentials && basic(credentials);
    if (expected !== undefined && headers.authorization !== expected)
      return {status: 401, body: {error: "invalid_client"}};
    const isWrong = body.get("grant_type") !== "client_credentials" || body.get("scope") !== scopes;
    if (isWrong) return {status: 400, body: {error: "invalid_request"}};
    const token = randomUUID();
    this.#tokens.set(token, Date.now() + tokenLife * 1000);
    return {status: 200, body: {access_token: token, token_type: "bearer", expires_in: tokenLife, scope: scopes}};
  }

  #unknownToken({headers, faults}: Inquiry): Reply | undefined {
    const token = /^Bearer (.*)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    const isExpired = faults.has("expired") && this.#tokens.delete(token);
    if ((this.#tokens.get(token) ?? 0) > Date.now()) return undefined;
    return {status: 401, note: isExpired ? {fault: "expired"} : {}};
  }

  // ---- What is told ----

  #list({headers, faults}: Inquiry): Reply {
    const cursor = cursorIn(headers);
    if (cursor === null) return {status: 400};
    const isRepeated = cursor !== undefined && faults.has("repeated");
    const from = (isRepeated ? cursor.before : cursor?.from) ?? 0;
    const {locations} = this.#options.source;
    const next = from + listed < locations.length ? {from: from + listed, before: from} : undefined;
    return {
      status: 200,
      body: locations.slice(from, from + listed),
      ...paged(next),
      note: isRepeated ? {fault: "repeated"} : {}
    };
  }

  #data({headers, query, faults, key}: Inquiry, location: number): Reply {
    const cursor = cursorIn(headers);
    const [begin, end] = [numberIn(query, "startTime") ?? 0, numberIn(query, "endTime") ?? Date.now() / 1000];
    if (cursor === null || Number.isNaN(begin) || Number.isNaN(end)) return {status: 400};
    const isRepeated = cursor !== undefined && faults.has("repeated");
    const [asked, from] = [cursor?.from ?? begin, isRepeated ? cursor.before : (cursor?.from ?? begin)];
    const {source, page = 1000} = this.#options;
    const rows = source.rows(location, {begin: from, end}, page + 1);
    const note = {location, from: asked, ...(isRepeated ? {fault: "repeated" as const} : {})};
    if (rows.length === 0 && cursor === undefined) return {status: 404, note};
    const following = rows[page];
    const next = following && {from: following.time, before: from};
    const parameters = parametersOf(source.columns(location), rows.slice(0, page));
    const isShuffled = faults.has("disorder");
    if (isShuffled) shuffle(parameters, (stream) => this.#faults.chance(key, stream));
    return {
      status: 200,
      body: {locationId: location, parameters},
      ...paged(next),
      note: isShuffled && !isRepeated ? {...note, fault: "disorder"} : note
    };
  }
}

interface Wait {
  readonly at: number;
  readonly key: string;
  readonly seconds: number;
  readonly fault: Fault | "limit";
}

const tokens = "/oauth/token";
const scopes = "read:locations read:data";

/** Whoever asked may be gone before all was said; anything else that goes wrong is wrong here. */
function goneOr(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ECONNRESET") throw error;
}

function isPossible(fault: Fault, path: string, cursor: string | undefined): boolean {
  if (fault === "expired") return path !== tokens;
  if (fault === "repeated") return cursor !== undefined;
  return fault !== "disorder" || path.endsWith("/data");
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null ? undefined : Number(text);
}

// ---- Pages ----

const startPage = "x-isi-start-page";

/** Where a page begins, s since 1970 or a place in a list, and where the one before it did. A client cannot read it. */
interface Cursor {
  readonly from: number;
  readonly before: number;
}

function paged(next: Cursor | undefined): Pick<Reply, "headers"> {
  return next ? {headers: {"x-isi-next-page": Buffer.from(JSON.stringify(next)).toString("base64")}} : {};
}

/** The cursor that a request holds; null for one that was never given. */
function cursorIn(headers: IncomingMessage["headers"]): Cursor | undefined | null {
  const text = headers[startPage];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(String(text), "base64").toString()) as Cursor;
  } catch {
    return null;
  }
}

interface Parameter {
  readonly parameterId: string;
  readonly unitId: string;
  readonly readings: {readonly timestamp: number; readonly value: number}[];
}

function parametersOf(columns: ReturnType<CloudSource["columns"]>, rows: readonly CloudRow[]): Parameter[] {
  return columns
    .map((column, index) => ({
      ...column,
      readings: rows
        .filter(({values}) => !Number.isNaN(values[index]))
        .map(({time, values}) => ({timestamp: time, value: values[index]!}))
    }))
    .filter(({readings}) => readings.length > 0);
}

/** Puts parameters and their readings in another order (Durstenfeld, "Random permutation", 1964). */
function shuffle(parameters: Parameter[], chance: (stream: string) => number): void {
  for (const list of [parameters, ...parameters.map(({readings}) => readings)] as unknown[][])
    for (let i = list.length - 1; i > 0; i--) {
      const j = Math.floor(chance(String(i)) * (i + 1));
      [list[i], list[j]] = [list[j], list[i]];
    }
}

/** Sends a reply, or no more than a share of it before the connection is cut. */
function send(response: ServerResponse, {status, body, headers}: Reply, share: number): void {
  const bytes = Buffer.from(body === undefined ? "" : JSON.stringify(body));
  const socket = response.socket;
  if (share < 0.3) {
    socket?.destroy();
    return;
  }
  response.writeHead(status, {"content-type": "application/json", "content-length": bytes.length, ...headers});
  if (share === 1) response.end(bytes);
  else response.write(bytes.subarray(0, Math.floor(bytes.length * share)), () => socket?.destroy());
}
