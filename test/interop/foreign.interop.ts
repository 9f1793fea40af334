import {readdirSync} from "node:fs";
import {join} from "node:path";
import {afterAll, beforeAll, expect, test} from "vitest";
import {check} from "../../pond/check.js";
import {Pond} from "../../pond/pond.js";
import {hash} from "../../pond/record.js";
import type {Reader, Stat} from "../../pond/types.js";
import {newPond, write} from "../pond/harness.js";
import {Judge, delta} from "./client.js";
import {ourRecords, theirRecords} from "./records.js";

let judge: Judge;
beforeAll(() => void (judge = new Judge()));
afterAll(() => judge.close());

/** Makes the judge commit the next version of a file, as any engine would append a row to the log. */
async function theyWrite(dir: string, {partId, nodeId}: Stat, next: {version: number; text: string}): Promise<void> {
  const text = (value: string): string => `CAST('${value}', 'Nullable(String)')`;
  const long = (value: number | null): string => `CAST(${value}, 'Nullable(Int64)')`;
  const time = (value: string): string => `CAST(${value}, 'Nullable(DateTime64(6))')`;
  const values = {
    ...{part_id: text(partId), node_id: text(nodeId), kind: text("file"), version: long(next.version)},
    ...{timestamp: time("now64(6)"), content: text(next.text), sha256: text(hash(next.text))},
    ...{size: long(Buffer.byteLength(next.text)), rows: long(null), min_time: time("NULL"), max_time: time("NULL")},
    ...{attributes: text("{}"), transaction: long(null), since: long(null), until: long(null)}
  };
  const columns = Object.entries(values).map(([name, value]) => `${value} AS ${name}`);
  await judge.rows(`
    INSERT INTO FUNCTION ${delta(join(dir, "oplog"))} SELECT ${columns.join(", ")}
    SETTINGS allow_experimental_delta_lake_writes = 1`);
}

const textOf = async (fs: Reader, path: string): Promise<string> => Buffer.from(await fs.read(path)).toString();

async function versionsOf(pond: Pond, path: string): Promise<number[]> {
  return (await (await pond.fs()).versions(path)).map(({version}) => version);
}

async function textAt(pond: Pond, path: string, version: number): Promise<string> {
  return textOf(await pond.at({version}), path);
}

test("a foreign writer and we commit in turn, and both read all of it", async () => {
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.write("/a/f", "text 1", {parents: true}));
  for (let version = 2; version <= 9; version++) {
    const text = `text ${version} ü`;
    if (version % 3 === 0) await write(pond, (tx) => tx.write("/a/f", text));
    else await theyWrite(dir, await (await pond.fs()).stat("/a/f"), {version, text});
    expect(await textOf(await pond.fs(), "/a/f")).toBe(text);
    expect(await theirRecords(judge, dir)).toEqual(await ourRecords(pond));
  }
  expect(await versionsOf(pond, "/a/f")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (let version = 2; version <= 9; version++) expect(await textAt(pond, "/a/f", version)).toBe(`text ${version} ü`);
  const again = await Pond.open(dir);
  expect(await versionsOf(again, "/a/f")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await again.close();
});

test("times that a foreign writer stores are read to the microsecond", async () => {
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.write("/f", "1"));
  await theyWrite(dir, await (await pond.fs()).stat("/f"), {version: 2, text: "2"});
  const theirs = (await theirRecords(judge, dir)).filter(({kind}) => kind === "file").map(({written}) => written);
  const ours = (await (await pond.fs()).versions("/f")).map(({timestamp}) => String(timestamp));
  expect(ours).toEqual(theirs);
});

test("a foreign commit in the midst of our transaction is not overwritten: ours runs again on top of it", async () => {
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.write("/f", "1"));
  const file = await (await pond.fs()).stat("/f");
  const seen: string[] = [];
  await write(pond, async (tx) => {
    seen.push(await textOf(tx, "/f"));
    if (seen.length === 1) await theyWrite(dir, file, {version: 2, text: "theirs"});
    await tx.write("/f", `${seen.at(-1)} and ours`);
  });
  expect(seen).toEqual(["1", "theirs"]);
  expect(await textOf(await pond.fs(), "/f")).toBe("theirs and ours");
  expect(await versionsOf(pond, "/f")).toEqual([1, 2, 3]);
  expect(await theirRecords(judge, dir)).toEqual(await ourRecords(pond));
});

test("a foreign commit in another directory lets our transaction stand", async () => {
  const {pond, dir} = await newPond();
  await write(pond, async (tx) => {
    await tx.write("/a/f", "1", {parents: true});
    await tx.write("/b/f", "1", {parents: true});
  });
  const file = await (await pond.fs()).stat("/a/f");
  let runs = 0;
  await write(pond, async (tx) => {
    runs++;
    await theyWrite(dir, file, {version: 2, text: "theirs"});
    await tx.write("/b/f", "ours");
  });
  expect(runs).toBe(1);
  expect(await textOf(await pond.fs(), "/a/f")).toBe("theirs");
  expect(await textOf(await pond.fs(), "/b/f")).toBe("ours");
  expect(await theirRecords(judge, dir)).toEqual(await ourRecords(pond));
});

test("a foreign writer commits into a log that was compacted and cleaned up, and its commits are compacted in turn", async () => {
  let later = 0;
  const {pond, dir} = await newPond({effects: {now: () => Date.now() + later}});
  const texts = Array.from({length: 24}, (_, i) => `text ${i + 1}`);
  await write(pond, (tx) => tx.write("/f", texts[0]!));
  for (const [i, text] of texts.entries()) {
    const version = i + 1;
    if (version % 2 === 0) await theyWrite(dir, await (await pond.fs()).stat("/f"), {version, text});
    else if (version > 1) await write(pond, (tx) => tx.write("/f", text));
    if (version % 10 === 0) expect((await pond.maintain()).opFiles).toBeGreaterThan(8);
    expect(await textOf(await pond.fs(), "/f")).toBe(text);
    expect(await theirRecords(judge, dir)).toEqual(await ourRecords(pond));
  }
  expect(await versionsOf(pond, "/f")).toEqual(texts.map((_, i) => i + 1));
  later = 30 * 24 * 3_600_000;
  await write(pond, (tx) => tx.write("/f", "late"));
  expect((await pond.maintain({keep: 3_600_000})).commits).toBeGreaterThan(20); // now only a checkpoint tells the rest
  await theyWrite(dir, await (await pond.fs()).stat("/f"), {version: 26, text: "theirs"});
  expect(await theirRecords(judge, dir)).toEqual(await ourRecords(pond));
  expect(await textOf(await pond.fs(), "/f")).toBe("theirs");
  const {problems} = await check(pond, {data: true});
  expect(new Set(problems.map(({fault}) => fault))).toEqual(new Set(["foreign"]));
});

test("the log names the foreign engine, and check proves all but what a foreign writer does not say", async () => {
  const {pond, dir} = await newPond();
  await write(pond, (tx) => tx.write("/f", "1"));
  await theyWrite(dir, await (await pond.fs()).stat("/f"), {version: 2, text: "theirs"});
  await write(pond, (tx) => tx.write("/f", "ours"));
  expect((await pond.log()).map(({user, command}) => (command === "test" ? "ours" : `${user} ${command}`))).toEqual([
    expect.stringMatching(/ pond init$/),
    "ours",
    "ClickHouse UNKNOWN",
    "ours"
  ]);
  const {problems, ...counts} = await check(pond, {data: true});
  expect(counts).toMatchObject({commits: 4, opFiles: 4, nodes: 1});
  expect(counts.records).toBe((await ourRecords(pond)).length);
  expect(problems.map(({version, sentence}) => [version, sentence])).toEqual([
    [2, expect.stringMatching(/^ClickHouse wrote this commit without the hash of the one before/)]
  ]);
  expect(readdirSync(join(dir, "oplog/_delta_log")).filter((name) => name.endsWith(".json"))).toHaveLength(4);
});
