import {execFile} from "node:child_process";
import {mkdir, mkdtemp, readFile, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {promisify} from "node:util";
import {afterAll, beforeAll, expect, test} from "vitest";
import {dynamicFactories} from "../../loaders/kinds.js";
import {readingsTable} from "../../loaders/readings/readings.js";
import {Pond} from "../../pond/pond.js";
import {hour, micros} from "./memory.js";

/** What `pond run` does when nothing is new: counted, in a process of its own. */

const resources = `
apiVersion: duckpond/v1
kind: Rename
metadata: {name: names}
spec: {input: "/raw/*", output: "/in/$0", columns: [{from: T, to: Temperature.C, unit: F}]}
---
apiVersion: duckpond/v1
kind: Reduce
metadata: {name: all}
spec: {input: "/in/*", output: "/reduced/$0", resolutions: [raw, 1h, 1d]}
`;

const begin = micros("2026-02-01T00:00Z");
const now = "2026-02-20T12:00:00Z";

interface Counted {
  readonly out: string;
  readonly opened: readonly string[]; // in order
  readonly sharedObjects: readonly string[];
}

const made: string[] = [];
afterAll(() => Promise.all(made.map((directory) => rm(directory, {recursive: true}))));

/** A deployment of so many datasets that has run, and what another run of it does. */
async function deployment(datasets: number) {
  const directory = await mkdtemp(join(tmpdir(), "idle-"));
  made.push(directory);
  const place = join(directory, "pond");
  const pond = await Pond.open(place, {create: true, dynamic: dynamicFactories(), effects: {now: () => begin / 1000}});
  await pond.transaction({command: "test"}, async (tx) => {
    const times = Array.from({length: 24 * 16}, (_, index) => begin + index * hour);
    for (let index = 0; index < datasets; index++) {
      const columns = ["T", "DO.mg/L"].map((name) => ({
        ...{name, attributes: {}},
        values: Float64Array.from(times, (_, at) => (at % 24) + index)
      }));
      await tx.append(`/raw/${index}`, readingsTable(times, columns), {parents: true});
    }
  });
  await pond.close();
  await mkdir(join(directory, "resources"));
  await writeFile(join(directory, "resources/all.yaml"), resources);
  const run = async (time: string): Promise<Counted> => {
    const counted = join(directory, "counted.json");
    const args = [
      "--import",
      join(import.meta.dirname, "counted.js"),
      join(import.meta.dirname, "../../loaders/pond.js")
    ];
    const env = {
      ...process.env,
      COUNTED: counted,
      POND: place,
      POND_RESOURCES: join(directory, "resources"),
      POND_NOW: time
    };
    const {stdout: out} = await promisify(execFile)(process.execPath, [...args, "run"], {env});
    const told = JSON.parse(await readFile(counted, "utf8")) as Omit<Counted, "out">;
    return {...told, out};
  };
  await run(now);
  await run(now); // so that nothing is compiled any more
  return {run, place};
}

let few: Awaited<ReturnType<typeof deployment>>;
beforeAll(async () => {
  few = await deployment(3);
}, 60_000);

const timesOf = (paths: readonly string[]) =>
  new Map([...new Set(paths)].map((path) => [path, paths.filter((one) => one === path).length]));

test.each(["2026-02-20T12:00:00Z", "2026-02-21T03:00:00Z", "2026-04-01T00:00:00Z"])(
  "a run that finds nothing new loads no engine and opens no data, at %s",
  async (time) => {
    const {out, opened, sharedObjects} = await few.run(time);
    expect(out).toContain("Nothing new: no transaction.");
    expect(sharedObjects.filter((name) => /duckdb/i.test(name))).toEqual([]);
    expect(opened.filter((path) => /\.(map|bins|trace)$|\/blobs\//.test(path))).toEqual([]);
    expect(opened.filter((path) => path.includes("mathjs"))).toEqual([]); // though it tells °F in °C
    const parquet = timesOf(opened.filter((path) => path.endsWith(".parquet")));
    expect(parquet.size).toBeGreaterThan(3);
    for (const [path, times] of parquet) {
      expect(path).toContain("/oplog/part_id=");
      expect(times, path).toBeLessThanOrEqual(2); // its records, and what it holds of resources
    }
  }
);

test("a dataset more is two small files more to open", async () => {
  const more = await deployment(6);
  const [before, after] = await Promise.all([few, more].map(async ({run}) => (await run(now)).opened));
  const moreOf = (folder: string) => {
    const [few, many] = [before!, after!].map((opened) => opened.filter((path) => path.includes(`/${folder}/`)).length);
    return many! - few!;
  };
  expect(moreOf("shown")).toBe(3); // what is told of it
  expect(moreOf("sampling")).toBe(3); // by which its resolutions are chosen
}, 60_000);
