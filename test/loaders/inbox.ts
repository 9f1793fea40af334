import {mkdir, writeFile} from "node:fs/promises";
import {join, relative} from "node:path";
import {onTestFinished} from "vitest";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run} from "../../loaders/runs/run.js";
import type {RunResult} from "../../loaders/runs/run.js";
import type {Reporter, Resource} from "../../loaders/types.js";
import {Pond} from "../../pond/pond.js";
import {rowsOf, temporaryDirectory} from "./memory.js";

export const now = Date.parse("2026-01-10T00:00Z");

/** A directory of files, an inbox over it, and a pond. */
export async function harbour(spec: object = {}) {
  const root = join(await temporaryDirectory(), "deployment");
  await mkdir(join(root, "data"), {recursive: true});
  const pond = await Pond.open(join(root, "pond"), {create: true, dynamic: dynamicFactories()});
  onTestFinished(() => pond.close());
  const lines: string[] = [];
  const reporter: Reporter = {...silent, line: (text) => lines.push(text)};
  const {schema} = kinds.find(({name}) => name === "Inbox")!;
  const source = {files: "data/*.*", into: "/in/$0", ...spec};
  const place = {file: join(root, "resources.yaml"), line: 1, column: 1};
  const resource: Resource = {
    kind: "Inbox",
    name: "files",
    description: "",
    spec: schema.parse(source),
    source,
    place
  };
  return {
    lines, // what the runs told
    root,
    pond,
    at: (name: string) => join(root, "data", name),
    named: (name: string) => relative(process.cwd(), join(root, "data", name)),
    put: (name: string, content: string | Uint8Array) => writeFile(join(root, "data", name), content),
    run: (clock = now, others: object = {}) => {
      const edited = {...resource, spec: schema.parse({...source, ...others})};
      return run(pond, [edited], {now: () => clock, env: {}, reporter});
    }
  };
}

/** The readings of a series: time as ISO text, then the columns. */
export async function readings(pond: Pond, path: string): Promise<Record<string, unknown>[]> {
  const fs = await pond.fs();
  const rows = await rowsOf(pond.duck, await fs.series(path));
  return rows.map(({time, ...values}) => ({time: new Date(time! / 1000).toISOString(), ...values}));
}

export function told({rows: [row]}: RunResult) {
  const {read, stored, aside, notes, errors} = row!;
  return {read, stored, aside, notes, errors};
}

export const quiet = {read: 0, stored: 0, aside: 0, notes: [], errors: []};
