import {spawn} from "node:child_process";
import {once} from "node:events";
import {mkdir, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import process from "node:process";
import {setTimeout as sleep} from "node:timers/promises";
import {expect, onTestFinished, test} from "vitest";
import {serveCloud} from "../../loaders/cloud/cloud.js";
import type {Cloud} from "../../loaders/cloud/cloud.js";
import type {CloudSource, Exchange} from "../../loaders/cloud/offer.js";
import {faults} from "../../loaders/cloud/fault.js";
import {dynamicFactories} from "../../loaders/kinds.js";
import {uniform} from "../../loaders/cloud/noise.js";
import {progressPath} from "../../loaders/cloud/progress.js";
import type {Progress} from "../../loaders/cloud/progress.js";
import {cloudOf, simulator} from "../../loaders/kinds/simulator.js";
import type {RunRow} from "../../loaders/types.js";
import {Pond} from "../../pond/pond.js";
import {check} from "../../pond/check.js";
import {bundled} from "../pond/bundle.js";
import {mostWithin} from "./arrivals.js";
import {temporaryDirectory} from "./memory.js";

/** The client against a cloud in which all goes wrong that can, in a process that is killed again and again. */

const now = "2026-03-01T00:00:00Z";
const kills = 10;
const page = 800; // rows: eight pages an instrument
const overlap = 3 * 86_400; // s, the default
const limit = {requests: 16, per: 1000};

const resource = (requests: number) => `apiVersion: duckpond/v1
kind: HydroVu
metadata: {name: noyo}
spec:
  url: \${env:CLOUD}
  clientId: \${env:ID}
  clientSecret: \${env:SECRET}
  rateLimit: {requests: ${requests}, per: ${limit.per / 1000}s}
`;

/** Seven instruments with a reading every three hours over two years, computed once. */
function sevenInstruments(): CloudSource {
  const sites = ["north", "east", "south", "west"].map((name) => ({name, depth: 5, river: 0.3, shelter: 0.5}));
  const spec = simulator.schema.parse({sites, from: "2024-03-01T00:00:00Z"});
  const {locations, ...source} = cloudOf({spec, interval: 3 * 3_600_000, now: () => Date.parse(now)});
  const span = {begin: 0, end: Date.parse(now) / 1000};
  const rows = new Map(locations.slice(0, 7).map(({id}) => [id, source.rows(id, span, Infinity)]));
  return {
    ...source,
    locations: locations.slice(0, 7),
    rows: (id, {begin, end}, most) =>
      rows
        .get(id)!
        .filter(({time}) => time >= begin && time <= end)
        .slice(0, most)
  };
}

interface Place {
  readonly pond: string;
  readonly resources: string;
}

async function place(name: string, requests: number): Promise<Place> {
  const root = join(await temporaryDirectory(), name);
  const resources = join(root, "resources");
  await mkdir(resources, {recursive: true});
  await writeFile(join(resources, "all.yaml"), resource(requests));
  return {pond: join(root, "pond"), resources};
}

/** Starts a run in a process of its own; kills it once the cloud has told so many pages more, unless it ends before. */
async function runOnce(
  program: string,
  {pond, resources}: Place,
  {cloud, pages, after}: Fate
): Promise<RunRow | undefined> {
  const env = {...process.env, CLOUD: cloud.url, ID: "harbour", SECRET: "unsaid", POND_NOW: now};
  const child = spawn(process.execPath, [program, pond, resources], {stdio: ["ignore", "pipe", "inherit"], env});
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const until = pagesIn(cloud).length + pages;
  while (child.exitCode === null && pagesIn(cloud).length < until) await sleep(2);
  await Promise.race([sleep(after), ended]);
  child.kill("SIGKILL");
  const [code] = await ended;
  return code === 0 ? (JSON.parse(said) as RunRow[])[0] : undefined;
}

interface Fate {
  readonly cloud: Cloud;
  readonly pages: number;
  readonly after: number; // ms
}

/** The pages that were told whole, and were those that were asked for. */
function pagesIn({exchanges}: Cloud): Exchange[] {
  return exchanges.filter(
    ({location, status, fault}) => location !== undefined && status === 200 && fault !== "repeated"
  );
}

/** Where, by location, the first page begins that a pond has not kept; s since 1970. */
async function keptIn({pond: dir}: Place, {locations}: CloudSource): Promise<ReadonlyMap<number, number>> {
  const pond = await Pond.open(dir, {dynamic: dynamicFactories()});
  const fs = await pond.fs();
  const kept = locations.map(async ({id}) => {
    const path = progressPath({kind: "HydroVu", name: "noyo"}, String(id));
    if (!(await fs.exists(path))) return [id, 0] as const;
    const {newest, sweep} = JSON.parse(new TextDecoder().decode(await fs.read(path))) as Progress;
    if (!sweep) return [id, newest! - overlap] as const;
    return [id, (JSON.parse(Buffer.from(sweep.next!, "base64").toString()) as {from: number}).from] as const;
  });
  const found = new Map(await Promise.all(kept));
  await pond.close();
  return found;
}

/** What went wrong in a pond's runs, by their time. */
async function errorsIn({pond: dir}: Place): Promise<unknown[]> {
  const pond = await Pond.open(dir, {dynamic: dynamicFactories()});
  const rows = await (await pond.fs()).query(`SELECT error FROM "/sys/runs" ORDER BY timestamp`);
  await pond.close();
  return rows.toArray().map((row) => (row as {error: unknown}).error);
}

/** Every reading of a pond, and how many rows it stored; the pond is proven sound. */
async function readingsIn({pond: dir}: Place): Promise<{readings: unknown[]; stored: number}> {
  const pond = await Pond.open(dir, {dynamic: dynamicFactories()});
  expect((await check(pond)).problems).toEqual([]);
  const fs = await pond.fs();
  const series = await fs.list("/hydrovu");
  const readings = [];
  for (const {path} of series) {
    const relation = await (await fs.series(path)).relation();
    readings.push([path, await pond.duck.rows(`SELECT * FROM ${relation} ORDER BY timestamp`)]);
  }
  await pond.close();
  return {readings, stored: series.reduce((sum, {rows}) => sum + rows!, 0)};
}

test("with every fault, and killed ten times, it stores what it stores without, once, and asks no more than it must", async () => {
  const source = sevenInstruments();
  const program = await bundled("killed", {folder: import.meta.dirname, hasDuck: true});
  onTestFinished(() => rm(program));
  const [calm, rough] = [await place("calm", 1000), await place("rough", limit.requests)];
  const quiet = await serveCloud({source, page});
  onTestFinished(() => quiet.close());
  expect(await runOnce(program, calm, {cloud: quiet, pages: Infinity, after: 0})).toMatchObject({errors: []});

  const cloud = await serveCloud({source, page, limit, retryAfter: 0, faults: {seed: 1, faults, share: 0.05}});
  onTestFinished(() => cloud.close());
  let killed = 0;
  for (let run = 0; ; run++) {
    const kept = run === 0 ? new Map<number, number>() : await keptIn(rough, source);
    const before = pagesIn(cloud).length;
    const fate = {
      pages: killed < kills ? 2 + Math.floor(uniform(1, 1, run) * 5) : Infinity,
      after: uniform(1, 2, run) * 40
    };
    const row = await runOnce(program, rough, {cloud, ...fate});
    for (const {id} of source.locations) {
      const froms = pagesIn(cloud)
        .slice(before)
        .filter(({location}) => location === id)
        .map(({from}) => from!);
      expect(froms, `run ${run}, ${id}`).toEqual([...new Set(froms)].sort((a, b) => a - b)); // each once, onwards
      expect(Math.min(...froms), `run ${run}, ${id}`).toBeGreaterThanOrEqual(kept.get(id) ?? 0); // behind what was kept
    }
    if (row) {
      expect(row).toMatchObject({errors: [], aside: 0});
      break;
    }
    killed++;
  }
  expect(killed).toBe(kills);
  const told = new Set(cloud.exchanges.map(({fault}) => fault));
  expect(told).toEqual(new Set([undefined, ...faults])); // and not "limit"
  expect(
    mostWithin(
      cloud.exchanges.map(({at}) => at),
      limit.per
    )
  ).toBeLessThanOrEqual(limit.requests);
  expect(await errorsIn(rough)).toEqual([expect.stringMatching("The run was cut off before this was done"), null]); // told once, and that it is mended
  const expected = await readingsIn(calm);
  const found = await readingsIn(rough);
  expect(found.readings).toEqual(expected.readings);
  expect(found.stored).toBe(expected.stored); // none twice
  const rows = source.locations.reduce(
    (sum, {id}) => sum + source.rows(id, {begin: 0, end: Infinity}, Infinity).length,
    0
  );
  expect(found.stored).toBe(rows);
}, 300_000); // eleven processes, on a machine that may have others
