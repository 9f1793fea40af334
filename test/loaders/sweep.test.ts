import {readdir, utimes, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {sweep} from "../../loaders/sweep.js";
import {temporaryDirectory} from "./memory.js";

test("what nothing names goes a day after it was made, by the clock of the files", async () => {
  const directory = await temporaryDirectory();
  const hours = {"new.parquet": 0, "named.parquet": 100, "recent.parquet": 23, "old.parquet": 25};
  for (const [name, age] of Object.entries(hours)) {
    await writeFile(join(directory, name), "");
    await utimes(join(directory, name), 2e9 - age * 3600, 2e9 - age * 3600);
  }
  expect(await sweep(directory, new Set(["named.parquet"]))).toEqual(["old.parquet"]);
  expect(await readdir(directory)).toEqual(["named.parquet", "new.parquet", "recent.parquet"]);
});

test("a cache that is not there yet has nothing to sweep", async () => {
  expect(await sweep(join(await temporaryDirectory(), "none"), new Set())).toEqual([]);
});
