import {randomUUID} from "node:crypto";
import * as arrow from "apache-arrow";
import {expect, test} from "vitest";
import {tableOf, vectorOf} from "../../pond/arrow.js";
import {check} from "../../pond/check.js";
import {commitKey, encodeActions} from "../../pond/delta.js";
import type {Action} from "../../pond/delta.js";
import {decodeParquet, encodeParquet} from "../../pond/parquet.js";
import type {Pond} from "../../pond/pond.js";
import {encodeRecords, hash} from "../../pond/record.js";
import type {Stat} from "../../pond/types.js";
import {newPond, write} from "./harness.js";

/** A table as ClickHouse writes it: text as plain bytes. */
function plain(table: arrow.Table): arrow.Table {
  const columns = table.schema.fields.map(({name, type}) => {
    const column = table.getChild(name)!;
    if (!arrow.DataType.isUtf8(type)) return column;
    const bytes = [...column].map((value) => (value === null ? null : Buffer.from(value as string)));
    return vectorOf(bytes, new arrow.Binary());
  });
  const fields = table.schema.fields.map(
    ({name}, i) => new arrow.Field(name, columns[i]!.type as arrow.DataType, true)
  );
  return tableOf(new arrow.Schema(fields), columns);
}

/** Commits the next version of a file as ClickHouse does: no tags, wrapped statistics, nothing of user or command. */
async function theyWrite(
  pond: Pond,
  {partId, nodeId, version}: Stat,
  {text, timestamp = Date.now()}: {readonly text: string; readonly timestamp?: number}
): Promise<void> {
  const content = Buffer.from(text);
  const record = {
    ...{partId, nodeId, kind: "file" as const, version: version + 1, timestamp: 1_795_491_248_876_669},
    ...{content, inline: true, sha256: hash(content), size: content.length, attributes: {}}
  };
  const file = encodeParquet(plain(decodeParquet(encodeRecords([record]), "theirs")));
  const path = `part_id=${partId}/${randomUUID()}.parquet`;
  const commitInfo = {timestamp, operation: "UNKNOWN", engineInfo: "ClickHouse", txnId: randomUUID()};
  const add = {
    ...{path, partitionValues: {part_id: partId}, size: file.length, modificationTime: 1, dataChange: true},
    stats: '{"stats_json":"{\\"numRecords\\":1}"}'
  };
  await pond.store.putIfAbsent(`oplog/${path}`, file);
  const key = commitKey((await pond.fs()).version + 1);
  expect(await pond.store.putIfAbsent(key, encodeActions([{commitInfo}, {add}] as unknown as Action[]))).toBe(true);
}

test("a foreign writer's version is read, followed, told and checked like any other", async () => {
  const {pond} = await newPond();
  await write(pond, (tx) => tx.write("/f", "ours"));
  await theyWrite(pond, await (await pond.fs()).stat("/f"), {text: "theirs"});
  expect(Buffer.from(await (await pond.fs()).read("/f")).toString()).toBe("theirs");
  await write(pond, (tx) => tx.write("/f", "ours again"));
  const versions = await (await pond.fs()).versions("/f");
  expect(versions.map(({version, transaction}) => [version, transaction])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3]
  ]);
  expect(versions[1]).toMatchObject({timestamp: 1_795_491_248_876_669, sha256: hash("theirs"), size: 6});
  expect((await pond.log())[2]).toMatchObject({user: "ClickHouse", command: "UNKNOWN", rows: 0});
  const told = await (
    await pond.fs()
  ).query(`SELECT version, sha256, kind, content FROM oplog WHERE kind = 'file' ORDER BY version`);
  expect(told.toArray().map((row) => (row as {sha256: string}).sha256)).toEqual(versions.map(({sha256}) => sha256));
  expect(Buffer.from(told.get(1)!.content as Uint8Array).toString()).toBe("theirs");
  const {problems, nodes} = await check(pond, {data: true});
  expect(nodes).toBe(1);
  expect(problems.map(({version, sentence}) => [version, sentence])).toEqual([
    [2, "ClickHouse wrote this commit without the hash of the one before."]
  ]);
});

test("a foreign writer whose clock is behind turns no time back, and its commit is no break", async () => {
  const noon = Date.UTC(2036, 0, 1);
  let now = noon;
  const {pond} = await newPond({effects: {now: () => now}});
  await write(pond, (tx) => tx.write("/f", "ours"));
  await theyWrite(pond, await (await pond.fs()).stat("/f"), {text: "theirs", timestamp: noon - 1e9});
  now = noon - 1e8; // our own went back as well
  await write(pond, (tx) => tx.write("/f", "ours again"));
  const times = (await pond.log()).map(({timestamp}) => timestamp / 1000 - noon);
  expect(times).toEqual([0, 1, -1e9, 2]);
  const at = async (ms: number): Promise<string> =>
    Buffer.from(await (await pond.at({time: (noon + ms) * 1000})).read("/f")).toString();
  expect([await at(1), await at(2)]).toEqual(["theirs", "ours again"]);
  await expect(at(0)).rejects.toMatchObject({code: "NOT_FOUND"}); // before there was a file
  const {problems} = await check(pond, {data: true});
  expect(problems.map(({fault, version}) => [fault, version])).toEqual([["foreign", 2]]);
});
