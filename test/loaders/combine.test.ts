import {expect, test} from "vitest";
import {combine} from "../../loaders/kinds/combine.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run, type RunResult} from "../../loaders/runs/run.js";
import type {Effects, Resource} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros, type Reading} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};
const change = micros("2025-10-16T21:00Z");

function hourly(begin: number, hours: number, column = "DO.mg/L"): readonly Reading[] {
  return Array.from({length: hours}, (_, t) => ({time: begin + t * hour, values: {[column]: t}}));
}

function site(output: string, scopes: object): Resource {
  return resource("Combine", output.replaceAll("/", ""), {output, scopes});
}

function apply(pond: Pond, ...resources: Resource[]): Promise<RunResult> {
  return run(pond, resources, effects);
}

async function ask(pond: Pond, sql: string): Promise<unknown[]> {
  return (await (await pond.fs()).query(sql)).toArray().map((row: {toJSON(): unknown}) => row.toJSON());
}

test("the output behaves as a series: it is listed, globbed, read and queried, beside others in its directory", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, 24));
  await appendReadings(pond, "/in/b", hourly(12 * hour, 24));
  const scopes = (name: string) => [{name, inputs: [{series: `/in/${name}`}]}];
  await apply(pond, site("/sites/Both", [...scopes("a"), ...scopes("b")]), site("/sites/One", scopes("a")));
  const fs = await pond.fs();
  expect((await fs.list("/sites")).map(({name}) => name)).toEqual(["Both", "One"]);
  expect((await fs.stat("/sites/Both")).kind).toBe("series");
  expect((await fs.glob("/sites/*")).map(({path, captures}) => [path, captures])).toEqual([
    ["/sites/Both", ["Both"]],
    ["/sites/One", ["One"]]
  ]);
  expect((await (await fs.series("/sites/Both")).columns()).map(({name}) => name)).toEqual(["a.DO.mg/L", "b.DO.mg/L"]);
  expect(await ask(pond, `SELECT count(*)::INTEGER AS n FROM "/sites/Both"`)).toEqual([{n: 36}]);
  expect(new TextDecoder().decode((await fs.read("/sites/One")).subarray(0, 4))).toBe("PAR1");
});

test("two sites share an instrument at the exact instant", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(change - 2 * hour, 5));
  const at = (period: object) => [{name: "S", inputs: [{series: "/in/a", ...period}]}];
  await apply(
    pond,
    site("/sites/BDock", at({to: "2025-10-16T21:00Z"})),
    site("/sites/FieldStation", at({from: "2025-10-16T14:00-07:00"}))
  );
  const times = (name: string) => ask(pond, `SELECT epoch_us(timestamp)::DOUBLE AS t FROM "/sites/${name}" ORDER BY t`);
  expect(await times("BDock")).toEqual([{t: change - 2 * hour}, {t: change - hour}]);
  expect(await times("FieldStation")).toEqual([{t: change}, {t: change + hour}, {t: change + 2 * hour}]);
});

test("an input that matches nothing is said, and found once it is there", async () => {
  const pond = await openPond();
  const resource = site("/sites/Later", [{name: "S", inputs: [{series: "/in/*"}]}]);
  const first = await apply(pond, resource);
  expect([first.failed, first.rows[0]!.notes]).toEqual([false, ["Scope S: nothing matches /in/* yet."]]);
  expect(await ask(pond, `SELECT * FROM "/sites/Later"`)).toEqual([]);
  await appendReadings(pond, "/in/a", hourly(0, 3));
  const second = await apply(pond, resource);
  expect(second.rows[0]!.notes).toEqual([]);
  expect(await ask(pond, `SELECT count(*)::INTEGER AS n FROM "/sites/Later"`)).toEqual([{n: 3}]);
  expect((await apply(pond, resource)).commits).toEqual([]);
});

test("what stands in the output's place is not touched", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/sites/X", hourly(0, 3));
  await expect(apply(pond, site("/sites/X", [{name: "S", inputs: [{series: "/in/a"}]}]))).rejects.toThrow(
    "/sites/X is a series already: give what is computed another output."
  );
  expect(await (await pond.fs()).exists("/sys")).toBe(false);
});

test.each([
  [{from: "2025-10-16T21:00"}, "write an instant with its offset, such as 2025-10-16T21:00Z"],
  [{from: "2025-13-16T21:00Z"}, "there is no such day or hour"],
  [{from: "2025-02-30T21:00Z"}, "there is no such day or hour"],
  [{from: "2025-10-16T21:00Z", to: "2025-10-16T14:00-07:00"}, "the period is empty: to is not after from"]
])("the period %j is refused", (period, sentence) => {
  const result = combine.schema.safeParse({output: "/x", scopes: [{name: "S", inputs: [{series: "/a", ...period}]}]});
  expect(result.error?.issues.map(({message}) => message)).toEqual([sentence]);
});

test("names that differ by small and capital letters are one column, flags and all", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, 2, "Depth.ft"));
  await appendReadings(pond, "/in/b", hourly(hour, 2, "depth.ft"));
  const tests = [{parameter: "depth", grossRange: {fail: [0, 0.5]}}];
  const validate = resource("Validate", "b", {input: "/in/b", output: "/checked/b", interval: "1h", tests});
  const scopes = [{name: "S", inputs: [{series: "/in/a"}, {series: "/checked/b"}]}];
  const reduce = resource("Reduce", "r", {input: "/sites/*", output: "/reduced/$0", resolutions: ["1d"]});
  const {rows} = await apply(pond, validate, site("/sites/Both", scopes), reduce);
  expect(rows.flatMap(({errors}) => errors)).toEqual([]);
  const columns = await (await (await pond.fs()).series("/sites/Both")).columns();
  expect(columns[0]).toMatchObject({name: "S.Depth.ft", attributes: {parameter: "Depth"}});
  const told = `"S.Depth.ft.avg" AS avg, "S.Depth.ft.fail" AS fail`;
  expect(await ask(pond, `SELECT ${told} FROM "/reduced/Both/1d"`)).toEqual([{avg: 0, fail: 1}]);
});

test("two scopes of one name are refused, whatever their letters", () => {
  const scopes = ["Low", "low"].map((name) => ({name, inputs: [{series: "/in/a"}]}));
  const {error} = combine.schema.safeParse({output: "/sites/A", scopes});
  expect(error?.issues.map(({message}) => message)).toEqual([
    "two scopes have one name (small and capital letters are the same)"
  ]);
});

test("a unit for a parameter that is not there is said", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly(0, 2, "Depth.ft"));
  const scopes = [{name: "S", inputs: [{series: "/in/a"}]}];
  const both = resource("Combine", "both", {output: "/sites/A", scopes, units: {Depht: "m"}});
  expect((await apply(pond, both)).rows[0]!.notes).toEqual(["There is no Depht to tell in m; there are Depth."]);
});

test("a pattern passes over directories and files, in Pivot and Derive too", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/deep/a", hourly(0, 2));
  await pond.transaction({command: "test"}, (tx) => tx.write("/in/notes.txt", "none"));
  const combine = site("/sites/A", [{name: "S", inputs: [{series: "/in/**"}]}]);
  const pivot = resource("Pivot", "p", {input: "/in/**", output: "/sites/P", parameter: "DO"});
  const sql = `SELECT timestamp, count(*) AS n FROM a GROUP BY timestamp`;
  const derive = resource("Derive", "d", {inputs: {a: "/in/**"}, output: "/sites/D", sql});
  const {rows} = await apply(pond, combine, pivot, derive);
  expect(rows.flatMap(({errors}) => errors)).toEqual([]);
  for (const path of ["/sites/A", "/sites/P", "/sites/D"])
    expect(await ask(pond, `SELECT count(*)::INTEGER AS n FROM "${path}"`)).toEqual([{n: 2}]);
  const odd = await apply(pond, site("/sites/B", [{name: "S", inputs: [{series: "/in/deep"}]}]));
  expect(odd.rows[0]!.errors).toEqual(["/in/deep is a directory, not a series."]);
});
