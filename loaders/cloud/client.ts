import {setTimeout as sleep} from "node:timers/promises";
import * as z from "zod";
import {ApiError, ConnectionError, exchange, failureOf, HttpError, PauseError, redirectOf} from "./http.js";
import type {Answer, Request} from "./http.js";
import type {Limiter} from "./limiter.js";
import {patience, pauseAfter, toldBy} from "./retry.js";
import type {Failure, Patience} from "./retry.js";
import {basic, Token} from "./token.js";
import type {Credentials, Granted} from "./token.js";

/** An account of an API, by OAuth client credentials (RFC 6749, section 4.4). */
export interface Account extends Credentials {
  readonly url: string; // of the API, without a slash at its end
  readonly scopes: readonly string[];
}

/** What is asked of an API. */
export interface Question<Body> {
  readonly path: string; // below the API's URL, with its query
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: z.ZodType<Body>; // the shape of the answer
}

const tokenBody = z.object({
  access_token: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]+$/, "it holds what no header may"),
  expires_in: z.coerce.number().positive().catch(3600) // s; one that ends before is refused, and renewed then
});

/** How often in a row a server may send a request on to another place of its own. */
const redirects = 5;

/**
 * Asks an API that is slow, strict and now and then out of order: under its rate limit, with a token that is renewed,
 * waiting as told, and again where that may help. Throws HttpError when it gives up, PauseError when it is to wait for
 * longer than it may; nothing that it says or throws holds a credential.
 */
export class Client {
  readonly #account: Account;
  readonly #limiter: Limiter;
  readonly #patience: Patience;
  readonly #token: Token;

  constructor(account: Account, limiter: Limiter, how: Patience = patience) {
    this.#account = account;
    this.#limiter = limiter;
    this.#patience = how;
    this.#token = new Token(() => this.#grant());
  }

  /** The body of the answer, and its headers. */
  async ask<Body>(question: Question<Body>): Promise<{readonly body: Body; readonly headers: Headers}> {
    const request = {method: "GET", url: `${this.#account.url}/${question.path}`, headers: {}} as const;
    return this.#persist(request, question.body, async () => {
      const token = await this.#token.get();
      const headers = {...question.headers, accept: "application/json", authorization: `Bearer ${token}`};
      const answer = await this.#send({...request, headers});
      if (answer.status === 401) await this.#token.refused(token);
      return answer;
    });
  }

  async #grant(): Promise<Granted> {
    const {url, scopes} = this.#account;
    const request = {method: "POST", url: `${url}/oauth/token`, headers: {}} as const;
    const headers = {
      accept: "application/json",
      authorization: basic(this.#account),
      "content-type": "application/x-www-form-urlencoded"
    };
    const body = new URLSearchParams({grant_type: "client_credentials", scope: scopes.join(" ")}).toString();
    const {body: token} = await this.#persist(request, tokenBody, async () => {
      const answer = await this.#send({...request, headers, body});
      if (answer.status === 400 || answer.status === 401) throw new HttpError(request, {status: 401, attempts: 1});
      return answer;
    });
    return {token: token.access_token, until: Date.now() + token.expires_in * 1000};
  }

  /** Sends a request, and wherever the server sends it on to, each when it is its turn. */
  async #send(request: Request, hops = redirects): Promise<Answer> {
    const answer = await this.#limiter.run(() => exchange(request));
    const url = redirectOf(request, answer);
    return url === undefined || hops === 0 ? answer : this.#send({...request, url}, hops - 1);
  }

  /** Sends a request until it is answered well, or until that is hopeless. */
  async #persist<Body>(
    request: Request,
    shape: z.ZodType<Body>,
    send: () => Promise<Answer>
  ): Promise<{readonly body: Body; readonly headers: Headers}> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await send().then((answer) => read(request, shape, answer), noAnswer);
      if ("body" in outcome) return outcome;
      const {failure, reason} = outcome;
      this.#refuseLong(toldBy(failure, Date.now()));
      const pause = pauseAfter(failure, {attempt, now: Date.now(), chance: Math.random()}, this.#patience);
      if (pause === undefined) throw new HttpError(request, {status: failure.status, reason, attempts: attempt});
      if (isBusy(failure)) this.#limiter.hold(pause); // which is meant for all that the account asks
      await sleep(Math.ceil(pause));
    }
  }

  /** Has the account ask nothing more where the server wants a pause that is not waited out. */
  #refuseLong(told: number | undefined): void {
    if (told === undefined || told <= this.#patience.told) return;
    const error = new PauseError(told);
    this.#limiter.close(told, error);
    throw error;
  }
}

function isBusy({status}: Failure): boolean {
  return status === 429 || status === 503;
}

type Outcome<Body> =
  {readonly body: Body; readonly headers: Headers} | {readonly failure: Failure; readonly reason?: string};

function noAnswer(error: unknown): {readonly failure: Failure; readonly reason: string} {
  if (error instanceof ConnectionError) return {failure: {}, reason: error.message};
  throw error;
}

/** An answer that is no JSON came from something between us and the API: it counts as none. */
function read<Body>(request: Request, shape: z.ZodType<Body>, answer: Answer): Outcome<Body> {
  if (answer.status < 200 || answer.status > 299) return {failure: failureOf(answer)};
  const json = jsonOf(answer.text);
  if (json === undefined) return {failure: {}, reason: "the answer is no JSON"};
  const {data, error} = shape.safeParse(json);
  if (error === undefined) return {body: data, headers: answer.headers};
  const [issue] = error.issues;
  const where = issue!.path.length === 0 ? "the answer" : issue!.path.join(".");
  throw new ApiError(
    `${request.method} ${request.url} answered in another form than expected: ${where} is wrong (${issue!.message})`
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
