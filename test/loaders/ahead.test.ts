import {expect, test} from "vitest";
import {Ahead} from "../../loaders/files/ahead.js";
import type {Selection} from "../../pond/types.js";
import {Pond} from "../../pond/pond.js";
import {readings} from "./inbox.js";
import {temporaryDirectory} from "./memory.js";

const columns = [{name: "DO.mg/L", attributes: {parameter: "DO", unit: "mg/L"}}];

/** Hours of readings, each that many more than its hour. */
function hours(count: number, more = 0): Selection {
  const sql = `SELECT make_timestamptz(1767225600000000 + i * 3600000000) AS timestamp, i + ${more} AS "DO.mg/L" FROM range(${count}) AS t(i)`;
  return {sql: [sql], columns};
}

async function opened(): Promise<{pond: Pond; ahead: () => Promise<Ahead>}> {
  const pond = await Pond.open(await temporaryDirectory(), {create: true});
  const context = {duck: pond.duck, stage: pond.stage.bind(pond)};
  return {pond, ahead: async () => new Ahead(await pond.fs(), context)};
}

const commit = (pond: Pond, ahead: Ahead) => pond.transaction({command: "test"}, (tx) => ahead.commit(tx));

test.each([3, 40_000])("what is put ahead is what an append would have stored: %i readings", async (count) => {
  const {pond, ahead} = await opened();
  const target = await ahead();
  expect(await target.append("/in/ahead", hours(count))).toBe(count);
  expect((await pond.log()).length).toBe(1); // nothing yet
  expect(await commit(pond, target)).toMatchObject({result: true});
  await pond.transaction({command: "test"}, (tx) => tx.append("/in/within", hours(count), {parents: true}));
  const fs = await pond.fs();
  const [one, other] = [await fs.stat("/in/ahead"), await fs.stat("/in/within")];
  const {size, rows, minTime, maxTime} = other;
  expect(one).toMatchObject({size, rows, minTime, maxTime});
  expect(await fs.read("/in/ahead")).toEqual(await fs.read("/in/within"));
  const [first, second] = await Promise.all(["/in/ahead", "/in/within"].map((path) => fs.series(path)));
  expect(await first!.columns()).toEqual(await second!.columns());
});

test("nothing is appended to a series that another transaction has changed, or made, since it was looked at", async () => {
  const {pond, ahead} = await opened();
  const [made, first] = [await ahead(), await ahead()];
  await made.append("/in/dock", hours(2));
  await first.append("/in/dock", hours(4));
  expect(await commit(pond, first)).toMatchObject({result: true});
  expect((await commit(pond, made)).commit).toBeUndefined();
  const changed = await ahead();
  await changed.append("/in/other", hours(2));
  await changed.append("/in/dock", hours(2, 1));
  await pond.transaction({command: "test"}, (tx) => tx.append("/in/dock", hours(1, 7)));
  expect((await commit(pond, changed)).commit).toBeUndefined();
  expect(await (await pond.fs()).exists("/in/other")).toBe(false);
  expect((await readings(pond, "/in/dock")).map((row) => row["DO.mg/L"])).toEqual([7, 1, 2, 3]);
});

test("what was appended before something went wrong is forgotten", async () => {
  const {pond, ahead} = await opened();
  const target = await ahead();
  await target.append("/in/kept", hours(1));
  const wrong = target.attempt(async () => {
    await target.append("/in/dock", hours(2));
    throw new Error("cut off");
  });
  await expect(wrong).rejects.toThrow("cut off");
  await commit(pond, target);
  const fs = await pond.fs();
  expect([await fs.exists("/in/kept"), await fs.exists("/in/dock")]).toEqual([true, false]);
});
