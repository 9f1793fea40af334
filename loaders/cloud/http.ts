import {STATUS_CODES} from "node:http";
import type {Failure} from "./retry.js";

/** A request, without what only the one who sends it may know. */
export interface Request {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a server answered, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How long an answer may take until its last byte, ms. */
const timeout = 60_000;

/** A connection that failed before the answer was whole: refused, cut, timed out. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** Sends a request and reads the answer, whatever its status: it goes on to nowhere by itself. Throws ConnectionError where there is none, or half of one. */
export async function exchange({url, ...init}: Request): Promise<Answer> {
  try {
    const response = await fetch(url, {...init, redirect: "manual", signal: AbortSignal.timeout(timeout)});
    return {status: response.status, headers: response.headers, text: await response.text()};
  } catch (error) {
    throw new ConnectionError(reasonOf(error), {cause: error});
  }
}

/** Where an answer sends a request on to; undefined for any other, and for another host, which credentials may not reach. */
export function redirectOf({method, url}: Request, {status, headers}: Answer): string | undefined {
  const isRedirect = [307, 308].includes(status) || (method === "GET" && [301, 302, 303].includes(status));
  const place = headers.get("location");
  if (!isRedirect || place === null || !URL.canParse(place, url)) return undefined;
  const {origin, pathname, search} = new URL(place, url);
  return origin === new URL(url).origin ? `${origin}${pathname}${search}` : undefined;
}

/** What the platform says is wrong, which is hidden inside what it throws. */
function reasonOf(error: unknown): string {
  const {name, message, cause} = error as Error;
  if (name === "TimeoutError") return `no answer within ${timeout / 1000} s`;
  const {code, message: inner} = (cause ?? {}) as {code?: string; message?: string};
  return code ?? inner ?? message;
}

/** An API that does not do as it should: the sentence says which request, and what to do. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
}

/** A pause that the server asks for, and that is longer than a run waits. */
export class PauseError extends ApiError {
  override readonly name = "PauseError";

  constructor(ms: number) {
    const minutes = Math.ceil(ms / 60_000);
    super(`HydroVu asks for a pause of ${minutes} min, which is longer than a run waits: the next run goes on`);
  }
}

/** A request that was given up: what, where, how often it was tried, and what to do. Never what was sent or answered. */
export class HttpError extends ApiError {
  override readonly name = "HttpError";
  readonly status: number | undefined; // none: no whole answer came

  constructor({method, url}: Request, {status, reason, attempts}: Given) {
    const said = status === undefined ? `failed (${reason ?? "no answer"})` : `answered ${statusText(status)}`;
    super(`${method} ${url} ${said}${attempts > 1 ? `, ${attempts} times` : ""}: ${remedyFor(status)}`);
    this.status = status;
  }
}

/** What came of a request in the end. */
interface Given {
  readonly status?: number;
  readonly reason?: string;
  readonly attempts: number;
}

/** What the answer says of whether to try again. */
export function failureOf({status, headers}: Answer): Failure {
  return {status, retryAfter: headers.get("retry-after") ?? undefined, date: headers.get("date") ?? undefined};
}

function statusText(status: number): string {
  const name = STATUS_CODES[status];
  return name === undefined ? String(status) : `${status} ${name}`;
}

function remedyFor(status: number | undefined): string {
  if (status === undefined || status >= 500) return "the next run tries again";
  if (status === 429) return "the next run goes on; lower the rateLimit";
  if (status === 401 || status === 403) return "check clientId and clientSecret, and what they may read";
  return "check the url, and whether that is still there";
}
