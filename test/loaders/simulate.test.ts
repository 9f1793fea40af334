import {spawn} from "node:child_process";
import {once} from "node:events";
import {join} from "node:path";
import process from "node:process";
import {expect, test} from "vitest";
import {Api} from "../../loaders/cloud/api.js";
import {Client} from "../../loaders/cloud/client.js";
import {Limiter} from "../../loaders/cloud/limiter.js";
import {exits, main} from "../../loaders/main.js";
import {openShell} from "../../loaders/commands/shell.js";

/** `pond simulate` in a process of its own, as somebody starts it who tries the client. */

const program = join(import.meta.dirname, "../../loaders/pond.js");

function pond(...args: string[]) {
  const env = {...process.env, POND_NOW: "2026-03-01T00:00:00Z"};
  const child = spawn(process.execPath, [program, "simulate", ...args], {env, stdio: ["ignore", "pipe", "pipe"]});
  const said = {out: "", err: ""};
  child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()));
  return {child, said, ended: once(child, "close") as Promise<[number | null]>};
}

test("it serves the harbour until it is interrupted, and tells what it answered", async () => {
  const {child, said, ended} = pond(
    "--from",
    "2026-02-01",
    "--interval",
    "6h",
    "--fault",
    "repeated",
    "--share",
    "100"
  );
  await once(child.stdout, "data");
  const [, url] =
    /^Serving 6 instruments at (http:\/\/127\.0\.0\.1:\d+\/public-api); any credentials will do\.\n$/.exec(said.out)!;
  const account = {url: url!, clientId: "any", clientSecret: "any", scopes: ["read:locations", "read:data"]};
  const api = new Api(new Client(account, new Limiter({requests: 100, per: 1000})));
  expect((await api.locations()).found).toHaveLength(6); // on two pages, the second of which is at first the first again
  let readings = 0;
  for await (const {parameters} of api.data("1000", {begin: 0, end: 4e9})) readings += parameters[0]!.readings.length;
  expect(readings).toBeGreaterThan(100); // of 28 days, 4 a day
  const [, port] = /:(\d+)\//.exec(url!)!;
  expect(await wrong("--port", port!)).toEqual([
    exits.trouble,
    `pond: the port ${port} is in use: choose another, or none\n`
  ]);
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(said.out).toMatch(/\nAnswered 6 requests, with faults: 2 repeated\.\n$/);
});

/** What is said, and the exit status, where nothing can be served. */
async function wrong(...args: string[]): Promise<[number, string]> {
  let said = "";
  const write = (text: string | Uint8Array) => (said += Buffer.from(text).toString());
  const shell = openShell({env: {}, stdout: {write}, stderr: {write}});
  return [await main(["simulate", ...args], shell), said];
}

test.each([
  [["--fault", "plague"], "Allowed choices are 429, 503, 500, cut, expired, repeated, disorder, all."],
  [["--interval", "0s"], "It is a whole number and s, m, h or d, such as 15m."],
  [["--from", "yesterday"], "It is an ISO 8601 instant."],
  [["--port", "http"], "It is a whole number from 0 to 65535."],
  [["--port", "70000"], "It is a whole number from 0 to 65535."],
  [["--page", "0"], "It is a whole number from 1."],
  [["--share", "101"], "It is a whole number from 0 to 100."]
])("wrong usage %j is said", async (args, sentence) => {
  const [code, said] = await wrong(...args);
  expect(code).toBe(exits.usage);
  expect(said).toContain(sentence);
});
