import {existsSync, readFileSync, readdirSync} from "node:fs";
import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import {Duck, literal} from "../../pond/duck.js";
import {openForeign} from "../../pond/foreign.js";
import {describeShared, shared} from "../shared.js";

/** Delta tables that other systems wrote, and what must come of reading them. */

const data = shared("delta");

interface Case {
  readonly table: string;
  readonly class: "must-read" | "must-reject";
  readonly version: number;
  readonly liveFiles?: number;
  readonly rows: number;
  readonly rowsByVersion?: Readonly<Record<string, number | null>>;
  readonly expectedParquet?: string;
  readonly expectedPerVersion?: string;
}

const present = existsSync(join(data, "expected.json"));
const cases = present ? (JSON.parse(readFileSync(join(data, "expected.json"), "utf8")) as Case[]) : [];

let duck: Duck;
beforeAll(async () => {
  duck = new Duck();
});
afterAll(() => duck.close());

async function count(relation: string): Promise<number> {
  return Number((await duck.rows(`SELECT count(*) AS n FROM ${relation}`))[0]!.n);
}

/** Rows of `left` that `right` lacks, and the other way round, with repeats counted. */
async function differences(left: string, right: string): Promise<number> {
  const minus = (a: string, b: string) => `(SELECT * FROM ${a} EXCEPT ALL SELECT * FROM ${b})`;
  return count(`(SELECT * FROM ${minus(left, right)} UNION ALL SELECT * FROM ${minus(right, left)})`);
}

function parquetBelow(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: "utf8"})
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => join(folder, name));
}

/** The expected rows with the table's columns, in the table's order and types. */
function expectedRows(files: readonly string[], columns: readonly {name: string; type: string}[]): string {
  const cast = columns.map(({name, type}) => `CAST("${name}" AS ${type}) AS "${name}"`).join(", ");
  return `(SELECT ${cast} FROM read_parquet([${files.map(literal).join(", ")}], union_by_name = true, hive_partitioning = true))`;
}

describeShared("tables of other systems", "delta/expected.json", () => {
  test.each(cases.filter((entry) => entry.class === "must-read"))("$table is read", async (entry) => {
    const table = await openForeign(join(data, entry.table), duck);
    expect(table.version).toBe(entry.version);
    if (entry.liveFiles !== undefined) expect(table.files).toBe(entry.liveFiles);
    expect(await count(table.relation)).toBe(entry.rows);
    for (const [version, rows] of Object.entries(entry.rowsByVersion ?? {})) {
      if (rows === null) continue;
      const then = await openForeign(join(data, entry.table), duck, {version: Number(version)});
      expect(await count(then.relation), `rows at version ${version}`).toBe(rows);
      if (entry.expectedPerVersion === undefined) continue;
      const file = join(data, entry.expectedPerVersion.replace("<N>", version));
      if (existsSync(file)) expect(await differences(then.relation, expectedRows([file], then.columns))).toBe(0);
    }
    if (entry.expectedParquet === undefined) return;
    const files = parquetBelow(join(data, entry.expectedParquet));
    if (files.length > 0) expect(await differences(table.relation, expectedRows(files, table.columns))).toBe(0);
  });

  test.each(cases.filter((entry) => entry.class === "must-reject"))("$table is refused", async (entry) => {
    await expect(openForeign(join(data, entry.table), duck)).rejects.toMatchObject({
      name: "PondError",
      message: expect.stringMatching(/cannot be read|lacks version/) as string
    });
  });

  test("time travel takes the newest version that was there", async () => {
    const table = join(data, "golden/snapshot-data2/delta");
    const first = await openForeign(table, duck, {version: 1});
    const info = readFileSync(join(table, "_delta_log/00000000000000000001.json"), "utf8").split("\n")[0]!;
    const {commitInfo} = JSON.parse(info) as {commitInfo: {timestamp: number}};
    expect((await openForeign(table, duck, {time: commitInfo.timestamp * 1000})).version).toBe(first.version);
    expect((await openForeign(table, duck, {time: commitInfo.timestamp * 1000 - 1})).version).toBe(0);
  });
});

test("a directory that is no table, and a version that is not there, are said", async () => {
  const directory = await mkdtemp(join(tmpdir(), "foreign-"));
  try {
    await expect(openForeign(directory, duck)).rejects.toThrow("is no Delta table: it has no directory _delta_log");
  } finally {
    await rm(directory, {recursive: true});
  }
});
