import {onTestFinished} from "vitest";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {attributesOf, readingsTable} from "../../loaders/readings/readings.js";
import type {Resource} from "../../loaders/types.js";
import {Pond} from "../../pond/pond.js";
import type {Commit} from "../../pond/types.js";
import {type Reading, temporaryDirectory} from "./memory.js";

/** A pond with every kind's directories, in a directory that goes with the test. */
export async function openPond(): Promise<Pond> {
  const pond = await Pond.open(await temporaryDirectory(), {create: true, dynamic: dynamicFactories()});
  onTestFinished(() => pond.close());
  return pond;
}

/** Stores readings as one transaction. */
export async function appendReadings(pond: Pond, path: string, readings: readonly Reading[]): Promise<Commit> {
  const names = [...new Set(readings.flatMap(({values}) => Object.keys(values)))];
  const columns = names.map((name) => ({
    name,
    attributes: attributesOf(name),
    values: Float64Array.from(readings, ({values}) => values[name] ?? NaN)
  }));
  const table = readingsTable(
    readings.map(({time}) => time),
    columns
  );
  const {commit} = await pond.transaction({command: "test"}, (tx) => tx.append(path, table, {parents: true}));
  return commit!;
}

/** A resource as it is once its YAML has been read. */
export function resource(kind: string, name: string, spec: object): Resource {
  const {schema} = kinds.find((one) => one.name === kind)!;
  const place = {file: "/resources.yaml", line: 1, column: 1};
  return {kind, name, description: `The ${name}.`, spec: schema.parse(spec), source: spec, place};
}
