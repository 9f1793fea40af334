import {once} from "node:events";
import process from "node:process";
import {Command, InvalidArgumentError, Option} from "commander";
import {serveCloud} from "../cloud/cloud.js";
import type {Exchange} from "../cloud/offer.js";
import {duration, parseDuration} from "../time/duration.js";
import {faults} from "../cloud/fault.js";
import type {Fault} from "../cloud/fault.js";
import {counted, formatCount} from "../format.js";
import type {Shell} from "./shell.js";
import {cloudOf, simulator} from "../kinds/simulator.js";

interface SimulateOptions {
  readonly port?: number;
  readonly seed: number;
  readonly from?: string;
  readonly interval?: number; // ms
  readonly page: number;
  readonly limit?: number;
  readonly fault: readonly (Fault | "all")[];
  readonly share: number; // percent
}

/** `pond simulate`: the simulator's harbour as HydroVu's API, to try the real client against. */
export function simulate(shell: Shell): Command {
  return new Command("simulate")
    .description("serve a simulated harbour as HydroVu's API, on this machine alone, until interrupted")
    .option("--port <number>", "the port to listen on; a free one unless given", numberFrom(0, 65_535))
    .option("--seed <number>", "another number, another harbour and other faults", numberFrom(0), 1)
    .option("--from <instant>", "the first reading, ISO 8601; two years ago unless given", parseInstant)
    .option("--interval <span>", "from one reading to the next; 15m unless given", parseInterval)
    .option("--page <rows>", "how many rows a page has", numberFrom(1), 1000)
    .option("--limit <requests>", "how many are granted in a minute; all unless given", numberFrom(1))
    .addOption(
      new Option("--fault <name...>", "what goes wrong now and then").choices([...faults, "all"]).default([], "nothing")
    )
    .option("--share <percent>", "how likely each fault is", numberFrom(0, 100), 5)
    .addHelpText("after", explanation)
    .action((options: SimulateOptions) => serve(shell, options));
}

const explanation = `
Faults: 429 and 503 ask to wait, 500 asks for nothing, cut ends the connection before
or within the answer, expired forgets the token, repeated sends the page before once
more, disorder sends a page's readings in another order. The same seed brings the same
faults.

Example:
  pond simulate --port 8080 --fault all
and as a resource:
  kind: HydroVu
  spec:
    url: http://127.0.0.1:8080/public-api
    clientId: \${env:ANY}
    clientSecret: \${env:ANY}`;

async function serve(shell: Shell, options: SimulateOptions): Promise<void> {
  const {port, seed, page, limit, share} = options;
  const chosen = options.fault.includes("all") ? faults : faults.filter((fault) => options.fault.includes(fault));
  const spec = simulator.schema.parse({seed, from: options.from});
  const source = cloudOf({spec, interval: options.interval, now: shell.effects.now});
  const cloud = await serveCloud({
    ...{source, port, page},
    faults: {seed, faults: chosen, share: share / 100},
    ...(limit === undefined ? {} : {limit: {requests: limit, per: 60_000}})
  });
  shell.out(`Serving ${source.locations.length} instruments at ${cloud.url}; any credentials will do.`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await cloud.close();
  shell.out(told(cloud.exchanges));
}

function told(exchanges: readonly Exchange[]): string {
  const counts = [...faults, "limit" as const]
    .map((name) => [name, exchanges.filter(({fault}) => fault === name).length] as const)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${formatCount(count)} ${name}`);
  const requests = `Answered ${counted(exchanges.length, "request")}`;
  return `${requests}${counts.length > 0 ? `, with faults: ${counts.join(", ")}` : ""}.`;
}

const largest = 999_999_999;

function numberFrom(least: number, most = largest): (text: string) => number {
  const end = most === largest ? "" : ` to ${most}`;
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(number >= least && number <= most))
      throw new InvalidArgumentError(`It is a whole number from ${least}${end}.`);
    return number;
  };
}

function parseInstant(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError("It is an ISO 8601 instant.");
  return time.toISOString();
}

function parseInterval(text: string): number {
  const micros = duration.safeParse(text).success ? parseDuration(text) : 0;
  if (micros === 0) throw new InvalidArgumentError("It is a whole number and s, m, h or d, such as 15m.");
  return micros / 1000;
}
