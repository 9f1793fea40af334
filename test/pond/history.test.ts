import {randomUUID} from "node:crypto";
import fc from "fast-check";
import {expect, test} from "vitest";
import {commitKey, encodeActions} from "../../pond/delta.js";
import type {Action} from "../../pond/delta.js";
import {PondError} from "../../pond/error.js";
import {MemoryStore} from "../../pond/memory.js";
import {Pond} from "../../pond/pond.js";
import {scratch, write} from "./harness.js";

/** What is read of the past, and which past a time leads to. */

const [noon, hour] = [Date.UTC(2026, 5, 1, 12), 3_600_000];

/** A store that counts the commits that are got from it. */
class Counting extends MemoryStore {
  commits = 0;

  override async get(key: string): Promise<Uint8Array> {
    const bytes = await super.get(key);
    if (/\d{20}\.json$/.test(key)) this.commits++;
    return bytes;
  }
}

/** A commit of another program, which keeps no promise about its time. */
async function theyCommit(store: MemoryStore, version: number, timestamp: number): Promise<void> {
  const commitInfo = {timestamp, operation: "UNKNOWN", engineInfo: "ClickHouse", txnId: randomUUID()};
  expect(await store.putIfAbsent(commitKey(version), encodeActions([{commitInfo}] as unknown as Action[]))).toBe(true);
}

test("of a long history only the commits are read that are asked for", async () => {
  const [store, cache] = [new Counting(), await scratch()];
  let now = noon;
  const effects = {now: () => (now += 1000)};
  const pond = await Pond.over(store, cache, {create: true, effects});
  for (let i = 1; i <= 150; i++) await write(pond, (tx) => tx.write("/f", `${i}`));
  const reads = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
    store.commits = 0;
    return [await work(), store.commits];
  };

  const [newest, few] = await reads(() => pond.log({limit: 5}));
  expect(newest.map(({version}) => version)).toEqual([146, 147, 148, 149, 150]);
  expect(few).toBe(5);
  expect(await reads(() => pond.log({limit: 0}))).toEqual([[], 0]);
  const streamed: number[] = [];
  for await (const {version} of pond.commits()) if (streamed.push(version) === 2) break;
  expect(streamed).toEqual([150, 149]);
  const all = await pond.log();
  expect(all.map(({version}) => version)).toEqual(Array.from({length: 151}, (_, version) => version));
  for (const {version, timestamp} of [all[0]!, all[7]!, all[75]!, all[149]!, all[150]!]) {
    const [fs, some] = await reads(() => pond.at({time: timestamp}));
    expect(fs.version).toBe(version);
    expect(some).toBeLessThanOrEqual(8); // 2⁸ > 151
  }
  await pond.close();
});

interface Step {
  readonly isOurs: boolean;
  readonly clock: number; // hours after noon that its writer's clock shows
}

const step: fc.Arbitrary<Step> = fc.record({isOurs: fc.boolean(), clock: fc.integer({min: -3, max: 6})});

test("a time leads to the newest commit that no commit before it was later than, whoever wrote it", async () => {
  const cache = await scratch();
  await fc.assert(
    fc.asyncProperty(fc.array(step, {maxLength: 14}), fc.boolean(), async (steps, isMaintained) => {
      const store = new MemoryStore();
      let clock = 0;
      const effects = {now: () => noon + clock * hour};
      let pond = await Pond.over(store, cache, {create: true, effects});
      for (const {isOurs, clock: shown} of steps) {
        clock = shown;
        if (isOurs) await write(pond, (tx) => tx.write("/f", randomUUID()));
        else await theyCommit(store, (await pond.fs()).version + 1, effects.now());
        if (isMaintained && steps.length % 3 === 0) {
          await pond.maintain({keep: hour});
          await pond.close();
          pond = await Pond.over(store, cache, {effects}); // from the checkpoint
        }
      }
      const log = await pond.log();
      const latest = log.map((_, i) => Math.max(...log.slice(0, i + 1).map(({timestamp}) => timestamp)));
      for (const [i, {command, timestamp}] of log.entries())
        if (command !== "UNKNOWN" && i > 0) expect(timestamp).toBeGreaterThan(latest[i - 1]!);
      for (let time = noon - 4 * hour; time <= noon + 7 * hour; time += hour / 2) {
        const expected = latest.findLastIndex((then) => then <= time * 1000);
        const told = await pond.at({time: time * 1000}).catch((error: unknown) => error);
        if (told instanceof PondError)
          expect(log[expected]?.version ?? -1).toBeLessThan(Number(told.data.horizon ?? 0));
        else expect(told).toMatchObject({version: log[expected]?.version});
      }
      await pond.close();
    }),
    {numRuns: 60}
  );
});
