import {createServer} from "node:http";
import type {IncomingMessage, ServerResponse} from "node:http";
import type {AddressInfo} from "node:net";
import {once} from "node:events";
import {expect, onTestFinished, test} from "vitest";
import {z} from "zod";
import {Client} from "../../loaders/cloud/client.js";
import {HttpError} from "../../loaders/cloud/http.js";
import {Limiter} from "../../loaders/cloud/limiter.js";
import type {RateLimit} from "../../loaders/cloud/limiter.js";
import {patience} from "../../loaders/cloud/retry.js";
import {mostWithin} from "./arrivals.js";

/** The client against a real server on this machine, which answers as each test has it. */

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const credentials = {clientId: "the:id", clientSecret: "s3cret/+"};
const body = z.object({value: z.number()});

/** A server that answers each request for a token with the next of these, and each other one with the next of those. */
async function scripted({
  tokens = [granted("t1")],
  answers,
  limit = {requests: 99, per: 1000}
}: {
  tokens?: Answer[];
  answers: Answer[];
  limit?: RateLimit;
}) {
  const asked: {path: string; authorization: string | undefined; at: number}[] = [];
  const server = createServer((request, response) => {
    const isToken = request.url === "/api/oauth/token";
    asked.push({path: request.url!, authorization: request.headers.authorization, at: performance.now()});
    const script = isToken ? tokens : answers;
    (script.length > 1 ? script.shift()! : script[0]!)(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  const account = {url, ...credentials, scopes: ["read:a", "read:b"]};
  const client = new Client(account, new Limiter(limit), {...patience, first: 20});
  return {client, url, asked, server, ask: () => client.ask({path: "v1/thing", body})};
}

function granted(token: string, life = 3600): Answer {
  return (_, response) => json(response, {access_token: token, expires_in: life});
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, {"content-type": "application/json", "x-more": "yes"}).end(JSON.stringify(value));
}

const good: Answer = (_, response) => json(response, {value: 7});
const status =
  (code: number, headers = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end("the:id s3cret/+ t1");

test("it asks with a token that it got for the credentials", async () => {
  let form = "";
  const keep: Answer = (request, response) => {
    request.on("data", (chunk) => (form += String(chunk)));
    request.on("end", () => granted("t1")(request, response));
  };
  const {ask, asked} = await scripted({tokens: [keep], answers: [good]});
  const {body, headers} = await ask();
  expect([body, headers.get("x-more")]).toEqual([{value: 7}, "yes"]);
  await ask();
  expect(asked.map(({path, authorization}) => [path, authorization])).toEqual([
    ["/api/oauth/token", `Basic ${Buffer.from("the%3Aid:s3cret%2F%2B").toString("base64")}`],
    ["/api/v1/thing", "Bearer t1"],
    ["/api/v1/thing", "Bearer t1"]
  ]);
  expect(form).toBe("grant_type=client_credentials&scope=read%3Aa+read%3Ab");
});

test("a token that is refused in the middle of a run is renewed, once for all that were refused", async () => {
  const strict: Answer = (request, response) =>
    (request.headers.authorization === "Bearer t2" ? good : status(401))(request, response);
  const {ask, asked} = await scripted({tokens: [granted("t1"), granted("t2"), granted("t3")], answers: [strict]});
  await Promise.all([ask(), ask(), ask()]);
  expect(asked.filter(({path}) => path.endsWith("token"))).toHaveLength(2);
});

test("a server that is busy is waited for as it asks, and by all", async () => {
  const {ask, asked} = await scripted({answers: [status(429, {"retry-after": "1"}), good]});
  const busy = ask();
  while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 100)); // until the answer is here
  await Promise.all([busy, ask()]);
  const [, refused, ...later] = asked.map(({at}) => at);
  expect(later).toHaveLength(2);
  for (const at of later) expect(at - refused!).toBeGreaterThan(999);
});

test("a pause that is longer than a run waits ends all that the account asks", async () => {
  const {ask, asked} = await scripted({answers: [status(503, {"retry-after": "3600"})]});
  const words = "HydroVu asks for a pause of 60 min, which is longer than a run waits: the next run goes on";
  for (let i = 0; i < 3; i++) await expect(ask()).rejects.toThrow(words);
  expect(asked.map(({path}) => path)).toEqual(["/api/oauth/token", "/api/v1/thing"]);
});

test("a redirection is followed on the same host, and counts as a request", async () => {
  const limit = {requests: 3, per: 200};
  const {ask, asked} = await scripted({limit, answers: [status(302, {location: "elsewhere?a=1"}), good]});
  for (let i = 0; i < 4; i++) expect((await ask()).body).toEqual({value: 7});
  expect(asked.slice(0, 3).map(({path}) => path)).toEqual([
    "/api/oauth/token",
    "/api/v1/thing",
    "/api/v1/elsewhere?a=1"
  ]);
  expect(asked[2]!.authorization).toBe("Bearer t1");
  expect(
    mostWithin(
      asked.map(({at}) => at),
      limit.per
    )
  ).toBeLessThanOrEqual(limit.requests);
});

test("a redirection to another host is not followed, nor one that goes on and on", async () => {
  const other = await scripted({answers: [good]});
  const {ask, url} = await scripted({answers: [status(302, {location: `${other.url}/v1/thing`})]});
  await expect(ask()).rejects.toThrow(`GET ${url}/v1/thing answered 302 Found: check the url`);
  expect(other.asked).toEqual([]);
  const round = await scripted({answers: [status(307, {location: "thing"})]});
  await expect(round.ask()).rejects.toThrow("answered 307 Temporary Redirect: check the url");
  expect(round.asked).toHaveLength(7); // the token, and six
});

test("an error of the server, a connection that is cut and half an answer are tried again", async () => {
  const cut: Answer = (_, response) => void response.socket!.destroy();
  const half: Answer = (_, response) => {
    response.writeHead(200, {"content-length": 100});
    response.write('{"value":', () => response.socket!.destroy());
  };
  const {ask, asked} = await scripted({tokens: [cut, granted("t1")], answers: [status(500), cut, half, good]});
  expect((await ask()).body).toEqual({value: 7});
  expect(asked).toHaveLength(6);
});

test("an answer that is no JSON counts as none", async () => {
  const page: Answer = (_, response) => response.end("<html>Our proxy says hello");
  const {ask} = await scripted({answers: [page, good]});
  expect((await ask()).body).toEqual({value: 7});
});

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail("it did not fail"),
    (error: unknown) => error as Error
  );
}

test("what cannot become better fails at once, in a sentence that says what, where and what to do", async () => {
  const {ask, url, asked} = await scripted({answers: [status(404)]});
  const error = await failure(ask());
  expect(error).toBeInstanceOf(HttpError);
  expect(error.message).toBe(
    `GET ${url}/v1/thing answered 404 Not Found: check the url, and whether that is still there`
  );
  expect(asked).toHaveLength(2);
});

test("credentials that are refused are said to be, and are in no error", async () => {
  for (const code of [400, 401]) {
    const {ask, url, asked} = await scripted({tokens: [status(code)], answers: [good]});
    const error = await failure(ask());
    expect(error.message).toBe(
      `POST ${url}/oauth/token answered 401 Unauthorized: check clientId and clientSecret, and what they may read`
    );
    expect(asked).toHaveLength(1);
    const shown = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join();
    for (const secret of ["s3cret", "the:id", "the%3Aid", Buffer.from("the%3Aid:s3cret%2F%2B").toString("base64")])
      expect(shown).not.toContain(secret);
  }
});

test("a token that no header may hold is refused, and in no error", async () => {
  const {ask, url, asked} = await scripted({tokens: [granted("t\n1")], answers: [good]});
  const error = await failure(ask());
  expect(error.message).toBe(
    `POST ${url}/oauth/token answered in another form than expected: access_token is wrong (it holds what no header may)`
  );
  expect([error.stack, String(error.cause)].join()).not.toMatch(/t\n1|t\\n1/);
  expect(asked).toHaveLength(1);
});

test("how long a token is good may be told as text, or not at all", async () => {
  for (const life of ["3600", null, "soon"] as unknown as number[]) {
    const {ask} = await scripted({tokens: [granted("t1\n", life)], answers: [good]});
    expect((await ask()).body).toEqual({value: 7});
  }
});

test("an answer of another form is named with what is wrong in it", async () => {
  const {ask, url} = await scripted({answers: [(_, response) => json(response, {value: "7"})]});
  expect((await failure(ask())).message).toBe(
    `GET ${url}/v1/thing answered in another form than expected: value is wrong (Invalid input: expected number, received string)`
  );
});
