import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import fc from "fast-check";
import {afterAll, beforeAll, expect, test} from "vitest";
import {stringify} from "yaml";
import {exits, main} from "../../loaders/main.js";
import {binStart, parseResolution} from "../../loaders/time/resolution.js";
import {openShell} from "../../loaders/commands/shell.js";
import {added, beginning, type Step, steps, type Versions} from "./histories.js";
import {hour, merged, type Reading} from "./memory.js";

/**
 * What a user does, night after night: files come, readings that were typed go, resources are edited, `pond maintain`
 * compacts; and after each `pond run` what is published is what a run publishes that has nothing from before.
 * NIGHTS says how many histories are tried.
 */

const histories = Number(process.env.NIGHTS ?? 4);
const timeZone = "America/Los_Angeles";

let directory: string;
let count = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "duckpond-"));
});
afterAll(() => rm(directory, {recursive: true}));

/** One deployment, with the command as its user types it. */
class Deployment {
  readonly #root = join(directory, String(count++));
  readonly #said: string[] = [];

  async write(file: string, text: string): Promise<void> {
    await mkdir(join(this.#root, file, ".."), {recursive: true});
    await writeFile(join(this.#root, file), text);
  }

  /** Runs the command; gives what it says on standard output. */
  async pond(...args: string[]): Promise<string> {
    this.#said.splice(0);
    const put = (list: string[]) => ({write: (text: string | Uint8Array) => list.push(Buffer.from(text).toString())});
    const trouble: string[] = [];
    const env = {POND: this.#at("pond"), POND_RESOURCES: this.#at("resources"), POND_NOW: "2026-03-01T00:00:00Z"};
    const code = await main(args, openShell({env, stdout: put(this.#said), stderr: put(trouble)}));
    expect([args, code, trouble.join("")]).toEqual([args, exits.ok, expect.any(String)]);
    return this.#said.join("");
  }

  /** Every published file of data, by its name. */
  async published(): Promise<ReadonlyMap<string, Buffer>> {
    const place = this.#at("pond/cache/published");
    const names = (await readdir(place, {recursive: true})).filter((name) => name.endsWith(".parquet"));
    return new Map(
      await Promise.all(names.sort().map(async (name) => [name, await readFile(join(place, name))] as const))
    );
  }

  /** The cache may be deleted at any time. */
  forget(): Promise<void> {
    return rm(this.#at("pond/cache"), {recursive: true});
  }

  #at(file: string): string {
    return join(this.#root, file);
  }
}

const spelled = (time: number) => new Date(time / 1000).toISOString();

function csv(readings: readonly Reading[]): string {
  return ["timestamp,a.C", ...readings.map(({time, values}) => `${spelled(time)},${values.a ?? ""}`), ""].join("\n");
}

function resourcesFor(resolutions: readonly string[]): string {
  const of = (kind: string, spec: object) => stringify({apiVersion: "duckpond/v1", kind, metadata: {name: "x"}, spec});
  const inputs = [{series: "/in/files"}, {series: "/in/typed"}];
  const statistics = ["avg", "min", "max", "count", "last", "p50"];
  return [
    of("Inbox", {files: "../data/*.csv", into: "/in/files"}),
    of("Manual", {readings: {into: "/in/typed", file: "../typed.csv"}}),
    of("Combine", {output: "/sites/x", scopes: [{name: "A", inputs}]}),
    of("Reduce", {input: "/sites/*", output: "/reduced/$0", resolutions, timeZone, statistics})
  ].join("---\n");
}

/** What stands in the files: what instruments told, version by version, and what was typed. */
interface Told {
  readonly versions: Versions;
  readonly typed: readonly Reading[];
  readonly names: readonly string[]; // of the resolutions
}

/** Half a minute beside whatever else was read. */
const typed = [0, 30, 31, 400].map((hours, index) => ({time: beginning + hours * hour + 30e6, values: {a: index}}));

/** Does what a step says to the files, or to the pond. */
async function act(deployment: Deployment, step: Step, told: Told): Promise<Told> {
  const {versions} = told;
  if (step.do === "compact") await deployment.pond("maintain");
  if (step.do === "reconfigure") {
    await deployment.write("resources/x.yaml", resourcesFor(step.names));
    return {...told, names: step.names};
  }
  if (step.do === "delete") {
    const kept = told.typed.filter((_, index) => index !== step.index);
    await deployment.write("typed.csv", csv(kept));
    return {...told, typed: kept};
  }
  if (!("at" in step) || step.values.every((value) => value === null)) return told;
  const readings = added(versions, step);
  await deployment.write(`data/${String(versions.length).padStart(3, "0")}.csv`, csv(readings));
  return {...told, versions: [...versions, readings]};
}

/** Of each bin how many readings there are, the least, and the last. */
function expected({versions, typed}: Told, name: string): readonly (readonly number[])[] {
  const bins = new Map<number, number[]>();
  for (const {time, values} of merged([...versions, typed])) {
    const start = binStart(time, parseResolution(name, timeZone));
    if (typeof values.a === "number") bins.set(start, [...(bins.get(start) ?? []), values.a]);
  }
  return [...bins].map(([start, list]) => [start, list.length, Math.min(...list), list.at(-1)!]);
}

async function found(deployment: Deployment, name: string): Promise<readonly (readonly number[])[]> {
  const columns = ["count", "min", "last"].map((statistic) => `"A.a.C.${statistic}"::DOUBLE`);
  const sql = `SELECT epoch_us(timestamp)::DOUBLE, ${columns.join(", ")} FROM source ORDER BY 1`;
  const text = await deployment.pond("cat", `/reduced/x/${name}`, "--sql", sql, "--format", "csv");
  const [, ...rows] = text.trim().split("\n");
  return rows.map((row) => row.split(",").map(Number));
}

test(`after each of ${histories} histories of nights, what is published is what is published from nothing`, async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const deployment = new Deployment();
      let told: Told = {versions: [[{time: beginning, values: {a: 1}}]], typed, names: ["1h", "24h"]};
      await deployment.write("resources/x.yaml", resourcesFor(told.names));
      await deployment.write("data/000.csv", csv(told.versions[0]!));
      await deployment.write("typed.csv", csv(typed));
      await deployment.pond("run");
      for (const step of steps) {
        told = await act(deployment, step, told);
        await deployment.pond("run");
      }
      for (const name of told.names)
        expect([name, await found(deployment, name)]).toEqual([name, expected(told, name)]);
      const incremental = await deployment.published();
      await deployment.forget();
      await deployment.pond("run");
      expect(await deployment.published()).toEqual(incremental);
    }),
    {numRuns: histories, endOnFailure: true}
  );
}, 300_000);
