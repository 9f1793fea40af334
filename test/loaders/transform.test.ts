import {mkdir, readdir, utimes, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {Float64, Table, TimeUnit, Timestamp, Utf8, vectorFromArray} from "apache-arrow";
import fc from "fast-check";
import {expect, test} from "vitest";
import {derive} from "../../loaders/kinds/derive.js";
import {DerivedSeries} from "../../loaders/series/derived.js";
import {readingsTable} from "../../loaders/readings/readings.js";
import {parseResolutions} from "../../loaders/time/resolution.js";
import {Reduction} from "../../loaders/reduction/reduction.js";
import {silent} from "../../loaders/runs/reporter.js";
import {run, type RunResult} from "../../loaders/runs/run.js";
import type {Effects, Resource} from "../../loaders/types.js";
import type {Pond} from "../../pond/pond.js";
import {hour, micros, openDuck, type Reading, readingsSeries, rowsOf, temporaryDirectory} from "./memory.js";
import {appendReadings, openPond, resource} from "./pond.js";

/** Kinds that make series of series: Derive, Pivot, Rename. */

const effects: Effects = {now: () => Date.parse("2026-01-01T00:00Z"), env: {}, reporter: silent};
const begin = micros("2025-06-01T00:00Z");

function hourly(columns: Readonly<Record<string, (hour: number) => number | null>>, hours = 24): readonly Reading[] {
  return Array.from({length: hours}, (_, t) => ({
    time: begin + t * hour,
    values: Object.fromEntries(Object.entries(columns).map(([name, of]) => [name, of(t)]))
  }));
}

function apply(pond: Pond, ...resources: Resource[]): Promise<RunResult> {
  return run(pond, resources, effects);
}

async function ask(pond: Pond, sql: string): Promise<unknown[]> {
  return (await (await pond.fs()).query(sql)).toArray().map((row: {toJSON(): unknown}) => row.toJSON());
}

async function namesOf(pond: Pond, path: string): Promise<string[]> {
  return (await (await (await pond.fs()).series(path)).columns()).map(({name}) => name);
}

// ---- Derive ----

const saturation = resource("Derive", "saturation", {
  output: "/derived/excess",
  inputs: {dock: "/in/dock", weather: "/in/weather"},
  sql: `SELECT timestamp, "DO.mg/L" - "Pressure.mbar" / 100 AS "Excess.mg/L", "DO.mg/L" FROM dock JOIN weather USING (timestamp) -- by time`,
  lookback: "0s"
});

test("a column that goes through SQL has the unit that its input says, or none, whatever its name ends with", async () => {
  const pond = await openPond();
  const values = Float64Array.of(1);
  const table = readingsTable([0], [{name: "water.temp", attributes: {parameter: "water.temp"}, values}]);
  await pond.transaction({command: "test"}, (tx) => tx.append("/in/dock", table, {parents: true}));
  const sql = 'SELECT timestamp, "water.temp", "water.temp" AS "T.C" FROM dock';
  await apply(pond, resource("Derive", "same", {output: "/derived/same", inputs: {dock: "/in/dock"}, sql}));
  const columns = await (await (await pond.fs()).series("/derived/same")).columns();
  expect(columns.map(({attributes}) => attributes)).toEqual([{parameter: "water.temp"}, {parameter: "T", unit: "C"}]);
});

test("SQL over several series is a series, that others read", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/dock", hourly({"DO.mg/L": (t) => t}));
  await appendReadings(pond, "/in/weather", hourly({"Pressure.mbar": () => 1000}));
  await apply(
    pond,
    saturation,
    resource("Reduce", "all", {input: "/derived/*", output: "/reduced/$0", resolutions: ["12h"]})
  );
  expect(await namesOf(pond, "/derived/excess")).toEqual(["Excess.mg/L", "DO.mg/L"]);
  const columns = await (await (await pond.fs()).series("/derived/excess")).columns();
  expect(columns[0]!.attributes).toMatchObject({parameter: "Excess", unit: "mg/L"});
  const rows = await ask(pond, `SELECT "Excess.mg/L.avg" AS avg FROM "/reduced/excess/12h" ORDER BY timestamp`);
  expect(rows).toEqual([{avg: -4.5}, {avg: 7.5}]);
});

test.each([{}, {lookback: "0s"}])("what SQL makes of a division by nothing is no reading: %o", async (more) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/dock", hourly({T: (t) => t % 2}, 4));
  const sql = "SELECT timestamp, 1 / T AS x, (T - T) / 0 AS y FROM dock";
  await apply(pond, resource("Derive", "d", {output: "/derived/d", inputs: {dock: "/in/dock"}, sql, ...more}));
  expect(await ask(pond, `SELECT x, y FROM "/derived/d" ORDER BY timestamp LIMIT 2`)).toEqual([
    {x: null, y: null},
    {x: 1, y: null}
  ]);
});

test("SQL may begin with comments, and end with one", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/dock", hourly({"T.C": (t) => t}, 2));
  const sql = `-- DROP nothing;\n/* by ** hand */ -- really\n  SELECT timestamp, "T.C" + 1 AS "T.C" FROM dock -- the end`;
  await apply(pond, resource("Derive", "d", {output: "/derived/d", inputs: {dock: "/in/dock"}, sql}));
  expect(await ask(pond, `SELECT "T.C" AS t FROM "/derived/d" ORDER BY timestamp`)).toEqual([{t: 1}, {t: 2}]);
});

test("a name stands for all that its pattern matches, told apart by path", async () => {
  const pond = await openPond();
  for (const name of ["a", "b"])
    await appendReadings(pond, `/in/${name}`, hourly({"T.C": () => (name === "a" ? 1 : 3)}));
  const sql = `SELECT timestamp, avg("T.C") AS "T.C", count(DISTINCT path) AS "Sites.1" FROM sites GROUP BY timestamp`;
  await apply(
    pond,
    resource("Derive", "mean", {output: "/derived/mean", inputs: {sites: "/in/*"}, sql, lookback: "0s"})
  );
  expect(await ask(pond, `SELECT DISTINCT "T.C" AS t, "Sites.1" AS n FROM "/derived/mean"`)).toEqual([{t: 2, n: 2}]);
});

test.each([
  ["SELECT 1 AS a FROM dock", "gives no column timestamp: select the timestamp of an input as timestamp."],
  [`SELECT timestamp::VARCHAR AS timestamp, 1 AS a FROM dock`, "gives timestamp as VARCHAR"],
  [`SELECT timestamp, 'x' AS a FROM dock`, "gives a as VARCHAR: readings are numbers."],
  [
    "SELECT timestamp, nothing FROM dock",
    " cannot be run at line 1, column 19: there is no column nothing; the nearest"
  ],
  ["SELECT timestamp,\n  avrage(1)\nFROM dock", " cannot be run at line 2, column 3: there is no function avrage"],
  ["SELECT timestamp FROM dok", " at line 1, column 23: there is no table dok; inputs names "]
])("%s is refused with its reason, and the others go on", async (sql, reason) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/dock", hourly({"DO.mg/L": (t) => t}));
  const bad = resource("Derive", "bad", {output: "/derived/bad", inputs: {dock: "/in/dock"}, sql});
  const good = resource("Derive", "good", {
    output: "/derived/good",
    inputs: {dock: "/in/dock"},
    sql: "SELECT * FROM dock"
  });
  const {rows} = await apply(pond, bad, good);
  expect(rows.map(({name, errors}) => [name, errors.length])).toEqual([
    ["bad", 1],
    ["good", 0]
  ]);
  expect(rows[0]!.errors[0]).toContain(reason);
  expect(rows[0]!.errors[0]).toContain("/derived/bad");
});

test.each([
  [`SELECT timestamp, "T.C", 2 * "T.C" AS "t.c" FROM a -- twice`, "T.C and t.c"],
  [`WITH a AS (FROM a) SELECT * FROM a JOIN b USING (timestamp)`, "T.C and T.C"],
  [`SELECT timestamp, 1 AS x, timestamp AS "Timestamp" FROM a`, "timestamp and Timestamp"]
])("columns of one name are refused: %s", async (sql, names) => {
  const duck = await openDuck();
  const readings = [readingsSeries("/x", [hourly({"T.C": (t) => t, "T.C_1": (t) => t}, 2)])];
  const inputs = ["a", "b"].map((name) => ({name, from: "/x", series: readings}));
  const derived = (of: string) => new DerivedSeries("/d", {sql: of, inputs, duck, cache: "/none"}).columns();
  await expect(derived(sql)).rejects.toThrow(
    `The SQL of /d gives ${names}, which are one name: call one otherwise, by AS.`
  );
  const good = await derived(`SELECT timestamp, "T.C", "T.C_1" FROM a`);
  expect(good.map(({name}) => name)).toEqual(["T.C", "T.C_1"]);
});

const alone = "a result may depend on the inputs alone.";
const again = (name: string) => `${name} gives something else each time: ${alone}`;
const unread = (name: string) => `${name} reads what is no input: store that as a series, and name it in inputs.`;

test.each([
  [`SELECT timestamp, k.a FROM a, read_csv('/abs/k.csv') AS k`, ` at line 1, column 31: ${unread("read_csv")}`],
  [
    `SELECT timestamp, 1 AS x\nFROM a, '/etc/passwd'`,
    " at line 2, column 9: there is no table /etc/passwd; inputs names a."
  ],
  [`SELECT timestamp, (SELECT count(*) FROM glob('/etc/*')) AS x FROM a`, unread("glob")],
  [`SELECT timestamp, 1 AS x FROM a) AS t, read_text('/etc/passwd') AS u, (SELECT 1`, unread("read_text")],
  [
    `WITH "/etc/passwd" AS (SELECT * FROM "/etc/passwd") SELECT timestamp, 1 AS x FROM a`,
    "there is no table /etc/passwd"
  ],
  [`SELECT timestamp, 1 AS x FROM a, information_schema.tables`, "there is no table tables; inputs names a."],
  [`SELECT timestamp, 1 AS x FROM a, duckdb_settings()`, unread("duckdb_settings")],
  [`SELECT timestamp, 1 AS x FROM a, (SUMMARIZE a)`, "DESCRIBE, SHOW and SUMMARIZE tell of more than the inputs"],
  [`SELECT timestamp, "ü", random() AS x FROM a`, ` at line 1, column 24: ${again("random")}`],
  [`SELECT now() AS timestamp, 1 AS x FROM a`, again("now")],
  [`SELECT timestamp, epoch(current_timestamp) AS x FROM a`, again("current_timestamp")],
  [`SELECT timestamp, epoch(localtimestamp) AS x FROM a`, again("localtimestamp")],
  [`SELECT timestamp, year(CURRENT_DATE) AS x FROM a`, again("CURRENT_DATE")],
  [`SELECT timestamp, epoch(timestamp - ago('1 day')) AS x FROM a`, again("ago")],
  [`SELECT timestamp, epoch(age(timestamp)) AS x FROM a`, again("age")],
  [`SELECT timestamp, hash(uuid()) AS x FROM a`, again("uuid")],
  [`SELECT timestamp, hash(gen_random_uuid()) AS x FROM a`, again("gen_random_uuid")],
  [`SELECT timestamp, list_sum(list_transform([1], lambda i: i + RANDOM())) AS x FROM a`, again("random")],
  [`SELECT timestamp, length(current_setting('threads')) AS x FROM a`, again("current_setting")],
  [`SELECT timestamp, sum("T.C") OVER (ORDER BY random()) AS x FROM a`, again("random")],
  [`SELECT timestamp, "T.C" FROM a USING SAMPLE 3`, `a sample is another one each time: ${alone}`],
  [`SELECT timestamp, "T.C" FROM a TABLESAMPLE 10%`, `a sample is another one each time: ${alone}`],
  [`FROM (PIVOT a ON path USING sum("T.C") GROUP BY timestamp)`, "it is not one SELECT, or has a PIVOT without IN (…)."]
])("SQL that depends on more than its inputs is refused: %s", async (sql, reason) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": (t) => t}, 3));
  for (const more of [{}, {lookback: "1h"}]) {
    const bad = resource("Derive", "bad", {output: "/derived/bad", inputs: {a: "/in/a"}, sql, ...more});
    const [row] = (await apply(pond, bad)).rows;
    expect(row!.errors).toEqual([expect.stringContaining(reason)]);
    expect(row!.errors[0]).toMatch(/^The SQL of .derived.bad cannot be run( at line \d, column \d+)?: /);
    await expect(ask(pond, "SELECT * FROM '/derived/bad'")).rejects.toThrow(reason);
  }
});

test.each([
  `SELECT timestamp, "T.C" FROM A`,
  `WITH b AS (SELECT * FROM a), c AS (FROM b) SELECT timestamp, "T.C" FROM c`,
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT timestamp, "T.C" + i - 3 AS "T.C" FROM a, n WHERE i = 3`,
  `SELECT timestamp, "T.C" + i - i AS "T.C" FROM a, range(1) AS r(i)`,
  `SELECT timestamp, "T.C" FROM a, generate_series(1, 1), (VALUES (1)) AS v(j), unnest([1]) AS u(k)`,
  `SELECT timestamp, "T.C" * current_date AS "T.C" FROM (SELECT *, 1 AS current_date FROM a)`,
  `SELECT timestamp, CASE WHEN "T.C" < 0 THEN error('cold') ELSE "T.C" END AS "T.C" FROM a`,
  `SELECT timestamp, "T.C" + 0 * epoch(age(timestamp, timestamp)) AS "T.C" FROM a`,
  `SELECT timestamp, list_sum(["T.C"]) + 0 * coalesce(nullif(1, 1), 0) AS "T.C" FROM a`,
  `SELECT * FROM (PIVOT (SELECT timestamp, "T.C", 'x' AS path FROM a) ON path IN ('x' AS "T.C") USING sum("T.C"))`
])("SQL that depends on its inputs alone is not: %s", async (sql) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": (t) => t}, 3));
  const good = resource("Derive", "good", {output: "/derived/good", inputs: {a: "/in/a"}, sql});
  expect((await apply(pond, good)).rows[0]!.errors).toEqual([]);
  expect(await ask(pond, `SELECT "T.C" AS t FROM '/derived/good' ORDER BY timestamp`)).toEqual([
    {t: 0},
    {t: 1},
    {t: 2}
  ]);
});

test("an input that nothing matches yet is said with what SQL misses in it, and is none where it misses nothing", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": (t) => t}, 2));
  const inputs = {a: "/in/a", b: "/nothing/*", c: "/none"};
  const derive = (column: string) => {
    const sql = `SELECT timestamp, ${column} AS "T.C" FROM a LEFT JOIN b USING (timestamp)`;
    return resource("Derive", "d", {output: "/derived/d", inputs, sql});
  };
  const [bad] = (await apply(pond, derive(`a."T.C" - b."T.C"`))).rows;
  const reason = `The SQL of /derived/d, while nothing matches /nothing/* or /none yet, cannot be run at line 1, column 29: values list "b" does not have a column named "T.C".`;
  expect(bad!.errors).toEqual([reason]);
  await expect(namesOf(pond, "/derived/d")).rejects.toThrow(reason);
  const [good] = (await apply(pond, derive(`a."T.C"`))).rows;
  expect(good!.errors).toEqual([]);
  expect(good!.notes).toEqual(["Input b: nothing matches /nothing/* yet.", "Input c: nothing matches /none yet."]);
});

test("SQL that fails on a reading says so to who reads", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/dock", hourly({"DO.mg/L": (t) => t}));
  const sql = `SELECT timestamp,\n  error('no more') AS a FROM dock`;
  await apply(pond, resource("Derive", "bad", {output: "/derived/bad", inputs: {dock: "/in/dock"}, sql}));
  await expect(ask(pond, "SELECT * FROM '/derived/bad'")).rejects.toThrow(
    /^The SQL of \/derived\/bad cannot be run: no more\.$/
  );
});

test.each([
  ["without a lookback", {}],
  ["with one", {lookback: "1h"}]
])("two rows of one time, and SQL that fails on a reading, are trouble of the run: %s", async (_, more) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/dock", hourly({"DO.mg/L": (t) => t}));
  const bad = (name: string, sql: string) =>
    resource("Derive", name, {output: `/derived/${name}`, inputs: {dock: "/in/dock"}, sql, ...more});
  const twice = `SELECT timestamp, "DO.mg/L" AS a FROM dock UNION ALL SELECT timestamp, 1 FROM dock`;
  const cast = `SELECT timestamp, CAST('x' || "DO.mg/L" AS DOUBLE) AS a FROM dock`;
  for (const _ of ["computed", "and again"]) {
    const {rows} = await apply(pond, bad("twice", twice), bad("cast", cast));
    await expect(ask(pond, "SELECT * FROM '/derived/twice'")).rejects.toThrow(
      /SQL of .derived.twice gives 2 rows at 2025/
    );
    expect(rows.map(({errors}) => errors)).toEqual([
      ["The SQL of /derived/twice gives 2 rows at 2025-06-01T00:00:00.000Z: GROUP BY timestamp, for one."],
      ["The SQL of /derived/cast cannot be run at line 1, column 19: could not convert string 'x0.0' to DOUBLE."]
    ]);
  }
});

test("what is not one SELECT is refused before anything runs", () => {
  const base = {output: "/d", inputs: {a: "/a"}};
  const messages = (spec: object) =>
    derive.schema.safeParse({...base, ...spec}).error?.issues.map(({message}) => message);
  expect(messages({sql: "DROP TABLE x"})).toEqual(["write one SELECT"]);
  expect(messages({sql: "-- SELECT 1\n/* FROM x */ DROP TABLE x"})).toEqual(["write one SELECT"]);
  expect(messages({sql: "/**/".repeat(50_000)})).toEqual(["write one SELECT"]);
  expect(messages({sql: "SELECT 1", lookback: "1 hour"})).toEqual([
    "write a whole number and s, m, h or d, such as 15m, or 0s"
  ]);
  expect(messages({sql: "SELECT 1", inputs: {}})).toEqual(["name at least one series"]);
});

const running = `SELECT timestamp, avg(a) OVER (ORDER BY timestamp RANGE BETWEEN INTERVAL 3 HOUR PRECEDING AND CURRENT ROW) AS "mean" FROM x`;

test("with a lookback, any range of it is that range of the whole", async () => {
  const duck = await openDuck();
  const cache = await temporaryDirectory();
  const versions = fc.array(
    fc
      .uniqueArray(fc.integer({min: 0, max: 60}), {minLength: 1, maxLength: 20})
      .map((times) => times.sort((a, b) => a - b).map((t) => ({time: begin + t * hour, values: {a: t % 7}}))),
    {minLength: 1, maxLength: 3}
  );
  await fc.assert(
    fc.asyncProperty(versions, fc.nat(60), fc.nat(30), async (found, from, length) => {
      const inputs = [{name: "x", from: "/x", series: [readingsSeries("/x", found)]}];
      const range = {begin: begin + from * hour, end: begin + (from + length) * hour};
      const [whole, part] = [undefined, 3 * hour].map(
        (lookback) => new DerivedSeries("/d", {sql: running, inputs, duck, cache, ...(lookback ? {lookback} : {})})
      );
      const all = await rowsOf(duck, whole!);
      expect(await rowsOf(duck, part!)).toEqual(all);
      expect(await rowsOf(duck, part!, range)).toEqual(
        all.filter((row) => row.time! >= range.begin && row.time! < range.end)
      );
      expect(await rowsOf(duck, whole!, range)).toEqual(
        all.filter((row) => row.time! >= range.begin && row.time! < range.end)
      );
    }),
    {numRuns: 25}
  );
});

test("with a lookback, SQL is tried where readings came or went, and nowhere else", async () => {
  const duck = await openDuck();
  const cache = await temporaryDirectory();
  const sql = `SELECT timestamp, a FROM x UNION ALL SELECT timestamp, a FROM x ANTI JOIN y USING (timestamp) WHERE a = 7`;
  const asked: string[] = [];
  const watched = new Proxy(duck, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (text: string, ...rest: unknown[]) => {
        if (name === "rows" && text.includes("HAVING")) asked.push(text);
        return (value as (...all: unknown[]) => unknown).call(target, text, ...rest);
      };
    }
  });
  const prove = async (x: readonly (readonly Reading[])[], y: readonly (readonly Reading[])[]) => {
    asked.length = 0;
    const inputs = [
      {name: "x", from: "/x", series: [readingsSeries("/x", x)]},
      {name: "y", from: "/y", series: [readingsSeries("/y", y)]}
    ];
    await new DerivedSeries("/d", {sql, inputs, duck: watched, cache, lookback: hour}).prove();
    return asked.length;
  };
  const days = (from: number, to: number) => hourly({a: (t) => t}, 24 * to).slice(24 * from);
  expect(await prove([days(0, 1)], [days(0, 9)])).toBe(1);
  expect(await prove([days(0, 1)], [days(0, 9)])).toBe(0);
  expect(await prove([days(0, 1), days(5, 6)], [days(0, 9)])).toBe(1);
  expect(asked[0]).not.toContain(String(begin));
  await expect(prove([days(0, 1), days(5, 6)], [days(1, 9)])).rejects.toThrow("gives 2 rows at 2025-06-01T07:00");
  await expect(prove([days(0, 1), days(5, 6)], [])).rejects.toThrow("gives 2 rows at 2025-06-01T07:00");
});

test("of results as a whole the newest is kept, and of those before it what another process may still read", async () => {
  const [duck, cache] = [await openDuck(), await temporaryDirectory()];
  await mkdir(join(cache, "derive"), {recursive: true});
  await writeFile(join(cache, "derive", "before.parquet"), "as ponds from before kept them");
  const prove = async (path: string, hours: number) => {
    const inputs = [{name: "x", from: "/x", series: [readingsSeries("/x", [hourly({a: (t) => t}, hours)])]}];
    await new DerivedSeries(path, {sql: "SELECT * FROM x", inputs, duck, cache}).prove();
  };
  const files = async () =>
    (await readdir(cache, {recursive: true}))
      .filter((name) => name.endsWith(".parquet"))
      .map((name) => join(cache, name));
  for (const hours of [1, 2]) await prove("/d", hours);
  await prove("/other", 1);
  expect(await files()).toHaveLength(3);
  const week = new Date(Date.now() - 7 * 86_400e3);
  for (const file of await files()) await utimes(file, week, week);
  await prove("/d", 3);
  expect(await files()).toHaveLength(2);
});

test.each([
  ["earlier", `SELECT timestamp - INTERVAL 1 HOUR AS timestamp, "T.C" FROM a`, "2025-05-31T23:00:00.000Z"],
  ["later", `SELECT timestamp + INTERVAL 2 HOUR AS timestamp, "T.C" FROM a`, "2025-06-01T06:00:00.000Z"],
  ["of no reading", `SELECT TIMESTAMPTZ '2020-01-01 00:00:00Z' AS timestamp, 1 AS "T.C"`, "2020-01-01T00:00:00.000Z"]
])("with a lookback, a result beyond its readings is an error, and no reading is lost: %s", async (_, sql, time) => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": (t) => t}, 5));
  const bad = (more: object) => resource("Derive", "d", {output: "/derived/d", inputs: {a: "/in/a"}, sql, ...more});
  const reason = `a result of /derived/d is at ${time}, and no reading then or in the lookback before it; have each result at the time of the newest reading that it is made of, or leave out lookback.`;
  expect((await apply(pond, bad({lookback: "1h"}))).rows[0]!.errors).toEqual([
    `The SQL of /derived/d cannot be run: ${reason}`
  ]);
  await expect(ask(pond, "SELECT * FROM '/derived/d'")).rejects.toThrow(reason);
  expect((await apply(pond, bad({}))).rows[0]!.errors).toEqual([]);
});

test("with a lookback, results may come as late as that after a reading", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": (t) => t}, 5));
  const sql = `SELECT timestamp + INTERVAL 1 HOUR AS timestamp, "T.C" FROM a`;
  const good = resource("Derive", "d", {output: "/derived/d", inputs: {a: "/in/a"}, sql, lookback: "1h"});
  expect((await apply(pond, good)).rows[0]!.errors).toEqual([]);
  expect(await ask(pond, `SELECT count(*)::INTEGER AS n FROM '/derived/d'`)).toEqual([{n: 5}]);
});

test("with a lookback, a change recomputes what depends on it and nothing else", async () => {
  const duck = await openDuck();
  const cache = await temporaryDirectory();
  const year = hourly({a: (t) => t}, 200 * 24);
  const computed = async (versions: readonly (readonly Reading[])[]) => {
    const inputs = [{name: "x", from: "/x", series: [readingsSeries("/x", versions)]}];
    const source = new DerivedSeries("/d", {sql: running, inputs, duck, cache, lookback: 3 * hour});
    const pages: string[] = [];
    const reduction = new Reduction(source, {
      ladder: async () => ({resolutions: parseResolutions(["1h"])}),
      cache,
      built: ({span}) => pages.push(span.name)
    });
    for (const level of await reduction.levels()) await reduction.build(level);
    return pages.sort();
  };
  expect(await computed([year])).toHaveLength(7);
  expect(await computed([year])).toEqual([]);
  const late = [{time: micros("2025-09-30T22:00Z"), values: {a: 99}}];
  expect(await computed([year, late])).toEqual(["2025-09", "2025-10"]); // the first hours of October look back to it
});

// ---- Pivot ----

test("one parameter of each site is a column of its own, in one unit", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/sites/North", hourly({"Depth.ft": () => 10, "T.C": () => 1}));
  await appendReadings(
    pond,
    "/sites/South",
    hourly({"Depth.m": (t) => (t < 12 ? 3 : null), "Salinity.psu": () => 30}, 30)
  );
  await appendReadings(pond, "/sites/West", hourly({"T.C": () => 1}));
  const spec = {input: "/sites/*", output: "/pivots/depth", parameter: "Depth", unit: "m"};
  const {rows} = await apply(pond, resource("Pivot", "depth", spec));
  expect(rows[0]!.errors).toEqual([]);
  expect(await namesOf(pond, "/pivots/depth")).toEqual(["North.Depth.m", "South.Depth.m"]);
  const sql = `SELECT count(*)::INTEGER AS n, max("North.Depth.m") AS north, count("South.Depth.m")::INTEGER AS south FROM "/pivots/depth"`;
  expect(await ask(pond, sql)).toEqual([{n: 30, north: 10 * 0.3048, south: 12}]);
});

test("a parameter that a series has in two units is one column, once the unit is told", async () => {
  const pond = await openPond();
  const early = hourly({"Depth.ft": (t) => (t < 12 ? 10 : null), "Depth.m": (t) => (t < 12 ? null : 3)});
  await appendReadings(pond, "/sites/North", early);
  const pivot = (more: object) =>
    resource("Pivot", "depth", {input: "/sites/*", output: "/pivots/depth", parameter: "Depth", ...more});
  const said = async (more: object) =>
    (await apply(pond, pivot(more))).rows.flatMap(({errors, notes}) => [...errors, ...notes]);
  expect(await said({})).toEqual([
    "/sites/North has Depth as Depth.ft and as Depth.m: say by unit in which it is meant."
  ]);
  expect(await said({unit: "m"})).toEqual([
    "The columns Depth.m and Depth.ft of /sites/North are one in scope North: North.Depth.m."
  ]);
  expect(await namesOf(pond, "/pivots/depth")).toEqual(["North.Depth.m"]);
  const sql = `SELECT count("North.Depth.m")::INTEGER AS n, min("North.Depth.m") AS low, max("North.Depth.m") AS high FROM "/pivots/depth"`;
  expect(await ask(pond, sql)).toEqual([{n: 24, low: 3, high: 10 * 0.3048}]);
});

test("a parameter in several scopes asks which, and one that nothing has is said", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": () => 1}));
  const scopes = ["Surface", "Bottom"].map((name) => ({name, inputs: [{series: "/in/a"}]}));
  const site = resource("Combine", "dock", {output: "/sites/Dock", scopes});
  const pivot = (more: object) =>
    resource("Pivot", "t", {input: "/sites/*", output: "/pivots/t", parameter: "T", ...more});
  const errors = async (more: object) =>
    (await apply(pond, site, pivot(more))).rows.flatMap((row) => [...row.errors, ...row.notes]);
  expect(await errors({})).toEqual([
    "/sites/Dock has T as Surface.T.C and as Bottom.T.C: say by scope which is meant."
  ]);
  expect(await errors({parameter: "pH"})).toEqual(["Nothing that /sites/* matches has pH yet."]);
  expect(await errors({scope: "Bottom"})).toEqual([]);
  expect(await namesOf(pond, "/pivots/t")).toEqual(["Dock.T.C"]);
});

test("a pivot whose series would be called the same is in trouble alone: patterns over its directory match the others", async () => {
  const pond = await openPond();
  for (const name of ["a/x", "b/x"]) await appendReadings(pond, `/sites/${name}`, hourly({"T.C": () => 1}));
  const pivot = (name: string, input: string) =>
    resource("Pivot", name, {input, output: `/pivots/${name}`, parameter: "T", name: "$1"});
  const named = resource("Rename", "named", {
    input: "/pivots/*",
    output: "/named/$0",
    columns: [{from: "x.T.C", to: "T.C"}]
  });
  const {rows} = await apply(pond, pivot("twins", "/sites/*/*"), pivot("one", "/sites/{a,c}/*"), named);
  const twins = "Two series that /sites/*/* matches would both be x: tell them apart by $0, $1, … in name.";
  expect(rows.find(({name}) => name === "twins")!.errors).toEqual([twins]);
  const fs = await pond.fs();
  expect((await fs.glob("/pivots/*")).map(({path}) => path)).toEqual(["/pivots/one", "/pivots/twins"]);
  expect(await ask(pond, `SELECT count(*)::INTEGER AS n FROM "/named/one"`)).toEqual([{n: 24}]);
  await expect(namesOf(pond, "/pivots/twins")).rejects.toThrow(twins);
});

test("one name for what is not there yet leads nowhere, and patterns pass it over", async () => {
  const pond = await openPond();
  const spec = {input: "/in/a", output: "/named/one", columns: [{from: "T", to: "Temperature.C"}]};
  await apply(pond, resource("Rename", "one", spec));
  expect((await (await pond.fs()).glob("/named/*")).map(({stat}) => stat.dangling)).toEqual([true]);
  await appendReadings(pond, "/in/a", hourly({T: () => 5}));
  expect(await namesOf(pond, "/named/one")).toEqual(["Temperature.C"]);
});

// ---- Rename ----

test("columns get other names and units, directly and by pattern", async () => {
  const pond = await openPond();
  await appendReadings(
    pond,
    "/in/a",
    hourly({"Bottom Temp": () => 50, "Bottom DO": () => 8, "Depth.ft": () => 10, pH: () => 7})
  );
  const columns = [
    {from: "* Temp", to: "$0Temperature.C", unit: "F"},
    {from: "Bottom *", to: "$0.mg/L"},
    {from: "Depth.ft", to: "Depth.m"}
  ];
  const {rows} = await apply(pond, resource("Rename", "named", {input: "/in/*", output: "/named/$0", columns}));
  expect([...rows[0]!.errors, ...rows[0]!.notes]).toEqual([]);
  expect(await namesOf(pond, "/named/a")).toEqual(["BottomTemperature.C", "DO.mg/L", "Depth.m", "pH"]);
  const [row] = (await ask(pond, `SELECT * EXCLUDE (timestamp) FROM "/named/a" LIMIT 1`)) as Record<string, number>[];
  expect(row!["BottomTemperature.C"]).toBeCloseTo(10, 12);
  expect(row).toMatchObject({"DO.mg/L": 8, "Depth.m": 3.048, pH: 7});
  expect((await (await pond.fs()).stat("/named/a")).kind).toBe("series");
});

test("one series to one name; others dropped; a rule that matches nothing is said", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({T: () => 5, U: () => 6}));
  const columns = [
    {from: "T", to: "Temperature.C"},
    {from: "Temp", to: "X"}
  ];
  const {rows} = await apply(
    pond,
    resource("Rename", "one", {input: "/in/a", output: "/named/one", columns, others: "drop"})
  );
  expect(rows[0]!.notes).toEqual(["No column is called Temp; there are T, U."]);
  expect(await namesOf(pond, "/named/one")).toEqual(["Temperature.C"]);
  expect((await (await pond.fs()).stat("/named/one")).kind).toBe("series");
});

test("two columns of one name are refused, and units that cannot be", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"T.C": () => 5, "U.mg/L": () => 6}));
  const said = async (columns: object[]) => {
    await apply(pond, resource("Rename", "one", {input: "/in/a", output: "/named/one", columns}));
    return namesOf(pond, "/named/one").catch((error: Error) => error.message);
  };
  expect(await said([{from: "*", to: "X"}])).toBe("The columns T.C and U.mg/L of /in/a would both be X: rename one.");
  expect(await said([{from: "U.*", to: "Timestamp"}])).toBe(
    "The columns timestamp and U.mg/L of /in/a would both be Timestamp: rename one."
  );
  expect(await said([{from: "U.mg/L", to: "U.C"}])).toBe("The column U.mg/L of /in/a: mg/L cannot be converted to C.");
});

test("a column keeps its scope under the name that Rename or Derive gives it, and others find it by that", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({Temp_F: (t) => 50 + t}, 3));
  const at = new Date(begin / 1000).toISOString();
  const outage = {kind: "outage", series: "/in/a", parameter: "Temperature", from: at, flag: 4, text: "x"};
  const sql = `SELECT timestamp, "Surface.Temperature.C" + 1 AS "surface.Warmer.C", 2 AS "Surfaces.n" FROM a`;
  const tests = [
    {parameter: "Temperature", scope: "Surface", grossRange: {fail: [0, 99]}},
    {parameter: "Warmer", scope: "Surface", grossRange: {fail: [0, 99]}}
  ];
  const {rows} = await apply(
    pond,
    resource("Manual", "notes", {annotations: {into: "/annotations/a", rows: [outage]}}),
    resource("Combine", "a", {output: "/sites/A", scopes: [{name: "Surface", inputs: [{series: "/in/a"}]}]}),
    resource("Rename", "a", {
      ...{input: "/sites/A", output: "/named/A"},
      columns: [{from: "*.Temp_F", to: "$0.Temperature.C", unit: "F"}]
    }),
    resource("Derive", "b", {output: "/named/B", inputs: {a: "/named/A"}, sql, lookback: "0s"}),
    resource("Validate", "v", {input: "/named/*", output: "/checked/$0", interval: "1h", tests}),
    resource("Pivot", "p", {input: "/named/*", output: "/pivots/p", parameter: "Temperature", scope: "Surface"}),
    resource("Combine", "deck", {
      output: "/decks/D",
      scopes: [{name: "Deck", inputs: [{series: "/named/A"}, {series: "/named/B"}]}]
    })
  );
  expect(rows.flatMap(({errors}) => errors)).toEqual([]);
  const [renamed] = await (await (await pond.fs()).series("/named/A")).columns();
  expect(renamed!.attributes).toEqual({instrument: "a", scope: "Surface", parameter: "Temperature", unit: "C"});
  const derived = await (await (await pond.fs()).series("/named/B")).columns();
  expect(derived.map(({attributes}) => attributes)).toEqual([
    {scope: "Surface", parameter: "Warmer", unit: "C"},
    {parameter: "Surfaces", unit: "n"}
  ]);
  expect(await ask(pond, `SELECT DISTINCT "Surface.Temperature.C.flag"::INTEGER AS flag FROM "/checked/A"`)).toEqual([
    {flag: 4}
  ]);
  expect(await namesOf(pond, "/checked/B")).toContain("surface.Warmer.C.flag.grossRange");
  expect(await namesOf(pond, "/pivots/p")).toEqual(["A.Temperature.C"]);
  expect(await namesOf(pond, "/decks/D")).toEqual(["Deck.Temperature.C", "Deck.Warmer.C", "Deck.Surfaces.n"]);
});

test("a series that cannot be renamed is told by the run, and the others are", async () => {
  const pond = await openPond();
  await appendReadings(pond, "/in/a", hourly({"Depth.furlong": () => 5}));
  await appendReadings(pond, "/in/b", hourly({"Depth.ft": () => 10}));
  const columns = [{from: "Depth.*", to: "Depth.m"}];
  const {rows} = await apply(pond, resource("Rename", "metres", {input: "/in/*", output: "/named/$0", columns}));
  expect(rows[0]!.errors).toEqual(["The column Depth.furlong of /in/a: furlong cannot be converted to m."]);
  expect(await ask(pond, `SELECT max("Depth.m") AS m FROM "/named/b"`)).toEqual([{m: 3.048}]);
});

/** A series with a column of text. */
async function appendTexts(
  pond: Pond,
  path: string,
  columns: Readonly<Record<string, readonly (string | number | null)[]>>
) {
  const [length] = Object.values(columns).map((values) => values.length) as [number];
  const times = Array.from({length}, (_, t) => new Date(begin / 1000 + t * 3_600_000));
  const type = new Timestamp(TimeUnit.MICROSECOND, "UTC");
  const table = new Table({
    timestamp: vectorFromArray(times, type),
    ...Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [
        name,
        vectorFromArray([...values], values.some((value) => typeof value === "string") ? new Utf8() : new Float64())
      ])
    )
  });
  await pond.transaction({command: "test"}, (tx) => tx.append(path, table, {parents: true}));
}

test("text that holds numbers becomes numbers, converted, and what is none is told with its time", async () => {
  const pond = await openPond();
  const texts = ["50", " 1,212.5", "n/a", "", "NaN", null, "Error"];
  await appendTexts(pond, "/in/a", {
    Temp: texts,
    Station: [7, 7, 7, 7, 7, 7, 7],
    Operator: ["a", "b", "", "", "", "", ""]
  });
  const columns = [
    {from: "Temp", to: "Temperature.C", unit: "F", type: "number"},
    {from: "Station", to: "Station", type: "text"}
  ];
  const rename = resource("Rename", "named", {input: "/in/*", output: "/named/$0", columns});
  const reduce = resource("Reduce", "all", {input: "/named/*", output: "/reduced/$0", resolutions: ["1d"]});
  for (const _ of ["computed", "and remembered"]) {
    const {rows} = await apply(pond, rename, reduce);
    expect(rows.flatMap(({errors}) => errors)).toEqual([]);
    expect(rows[0]!.notes).toEqual([
      `The column Temp of /in/a has "n/a" at 2025-06-01T02:00:00.000Z (and 1 more), which is no number and taken as missing.`
    ]);
  }
  const types = await (await (await pond.fs()).series("/named/a")).columns();
  expect(types.map(({name, type}) => `${name} ${type}`)).toEqual([
    "Temperature.C DOUBLE",
    "Station VARCHAR",
    "Operator VARCHAR"
  ]);
  expect(
    await ask(
      pond,
      `SELECT "Temperature.C"::INTEGER AS t, "Station" AS s, "Operator" AS o FROM "/named/a" ORDER BY timestamp LIMIT 2`
    )
  ).toEqual([
    {t: 10, s: "7.0", o: "a"},
    {t: 656, s: "7.0", o: "b"}
  ]);
  expect(await namesOf(pond, "/reduced/a/1d")).toEqual([
    "Temperature.C.avg",
    "Temperature.C.min",
    "Temperature.C.max",
    "Temperature.C.count"
  ]);
});

test("a comma in text is decimals or thousands as the rule says, and trouble until it does", async () => {
  const pond = await openPond();
  await appendTexts(pond, "/in/a", {T: ["12.5", "1,234", "12,5"]});
  const said = async (more: object) => {
    const columns = [{from: "T", to: "T.C", type: "number", ...more}];
    const {rows} = await apply(pond, resource("Rename", "one", {input: "/in/a", output: "/named/one", columns}));
    const values = await ask(pond, `SELECT "T.C" AS t FROM "/named/one" ORDER BY timestamp`);
    return [[...rows[0]!.errors, ...rows[0]!.notes], values.map((row) => (row as {t: number | null}).t)];
  };
  const at = "The column T of /in/a has";
  expect(await said({})).toEqual([
    [
      `${at} "1,234" at 2025-06-01T01:00:00.000Z (and 1 more), whose comma is one of decimals or of thousands: set decimal.`
    ],
    [12.5, null, null]
  ]);
  expect(await said({decimal: ","})).toEqual([[], [12.5, 1.234, 12.5]]);
  expect(await said({decimal: "."})).toEqual([
    [`${at} "12,5" at 2025-06-01T02:00:00.000Z, which is no number and taken as missing.`],
    [12.5, 1234, null]
  ]);
});

test("text that is to be converted, and has no type, is refused", async () => {
  const pond = await openPond();
  await appendTexts(pond, "/in/a", {"Depth.ft": ["1", "2"]});
  const columns = [{from: "Depth.ft", to: "Depth.m", unit: "ft"}];
  const {rows} = await apply(pond, resource("Rename", "one", {input: "/in/a", output: "/named/one", columns}));
  expect(rows[0]!.errors).toEqual([
    "The column Depth.ft of /in/a is no number (VARCHAR) to be converted: give type: number."
  ]);
});
