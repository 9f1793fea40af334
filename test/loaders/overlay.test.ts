import {mkdtemp, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import fc from "fast-check";
import {afterAll, expect, test} from "vitest";
import {engine} from "../../loaders/reduction/engine.js";
import {foundIn} from "../../loaders/site/directory.js";
import {publishOverlays, spansOf} from "../../loaders/site/overlay.js";
import type {DatasetEntry, ParameterEntry} from "../../loaders/types.js";
import {Duck, literal} from "../../pond/duck.js";

const duck = new Duck();
afterAll(() => Promise.all([duck.close(), engine.close()]));

/** Shards that follow each other, with holes: none meets another. */
const shards = fc.array(fc.tuple(fc.nat(3), fc.integer({min: 1, max: 9})), {maxLength: 8}).map((steps) => {
  let time = 0;
  return steps.map(([hole, length]) => {
    const begin = time + hole;
    time = begin + length;
    return {begin, end: time};
  });
});

/** Each millisecond that a span holds. */
function within({begin, end}: {begin: number; end: number}): number[] {
  return Array.from({length: end - begin}, (_, index) => begin + index);
}

test("shards across datasets hold each instant of any of them once, and are cut as the first one is", () => {
  fc.assert(
    fc.property(fc.array(shards, {maxLength: 4}), (cuts) => {
      const spans = spansOf(cuts);
      const held = spans.flatMap(within);
      const wanted = cuts.flat().flatMap(within);
      expect(held).toEqual([...new Set(wanted)].sort((a, b) => a - b));
      const [first = []] = cuts;
      for (const span of first) expect(spans).toContainEqual(span);
    })
  );
});

test("a hundred datasets are joined on time, whatever times each has", {timeout: 60_000}, async () => {
  const directory = await mkdtemp(join(tmpdir(), "duckpond-"));
  try {
    const has = (dataset: number, hour: number) => hour === 47 || (hour * 7 + dataset * 5) % 11 < 4;
    const datasets: DatasetEntry[] = [];
    for (let dataset = 0; dataset < 100; dataset++) {
      const hours = Array.from({length: 48}, (_, hour) => hour).filter((hour) => has(dataset, hour));
      const days =
        dataset % 2 === 0 ? [hours] : [hours.filter((hour) => hour < 24), hours.filter((hour) => hour >= 24)];
      const time = "make_timestamp_ms(1767225600000 + hour * 3600000)::TIMESTAMP_MS AS timestamp";
      const value = `(${dataset} * 100 + hour)::DOUBLE`;
      const flags = dataset % 3 === 0 ? ', 1::INTEGER AS "x.suspect"' : "";
      const shards = days.map((_, day) => ({
        file: `site${dataset}/1h/2026-01-0${day + 1}-0123abcd.parquet`,
        begin: `2026-01-0${day + 1}T00:00:00.000Z`,
        end: `2026-01-0${days.length === 1 ? 3 : day + 2}T00:00:00.000Z`
      }));
      for (const [day, {file}] of shards.entries())
        await duck.copy(
          `SELECT ${time}, ${value} AS "x.avg", 1::INTEGER AS "x.count", ${value} AS "y.avg"${flags}
            FROM (SELECT unnest([${days[day]!.join(", ")}]) AS hour)`,
          join(directory, file)
        );
      const end = "2026-01-02T23:00:00.000Z";
      datasets.push({
        ...{name: `site${dataset}`, end, columns: []},
        resolutions: [{name: "1h", widthMs: 3_600_000, rows: hours.length, bytes: 0, shards}]
      } as unknown as DatasetEntry);
    }
    const columns = datasets.map(({name}) => ({dataset: name, column: "x"}));
    const parameters = [{slug: "x", columns} as unknown as ParameterEntry];
    const keys = new Map(datasets.map(({name}) => [name, name]));
    const place = {directory, cache: join(directory, "cache"), found: foundIn(directory), keys};
    const [overlay] = await publishOverlays({parameters, datasets}, place);
    const {file} = overlay!.resolutions[0]!.shards[0]!;
    const found = await duck.rows(`FROM read_parquet(${literal(join(directory, file))})`);
    const hours = Array.from({length: 48}, (_, hour) => hour);
    expect(found.map(({timestamp}) => ((timestamp as Date).getTime() - 1767225600000) / 3600_000)).toEqual(hours);
    for (const [hour, row] of found.entries())
      for (let dataset = 0; dataset < 100; dataset++) {
        const value = has(dataset, hour) ? dataset * 100 + hour : null;
        expect([row[`site${dataset}/x.avg`], row[`site${dataset}/y.avg`]]).toEqual([value, undefined]);
        const flag = value === null ? null : 1;
        expect(row[`site${dataset}/x.suspect`]).toBe(dataset % 3 === 0 ? flag : undefined);
      }
  } finally {
    await rm(directory, {recursive: true});
  }
});
