import fc from "fast-check";
import {expect, test} from "vitest";
import {advanced, stranded, sweepOf} from "../../loaders/cloud/progress.js";
import type {Brought, Progress} from "../../loaders/cloud/progress.js";

const plan = {now: 1_000_000, overlap: 3000};
const begin: Progress = {series: "/a", measures: {}};

function follow(progress: Progress, pages: readonly Brought[]): Progress {
  return pages.reduce((known, page) => advanced(known, sweepOf(known, plan), page), progress);
}

const page = fc
  .tuple(fc.option(fc.integer({min: 1000, max: 900_000}), {nil: undefined}), fc.nat(5000))
  .map(([oldest, width]): Brought => (oldest === undefined ? {} : {oldest, newest: oldest + width}));

/** Pages in any order, the last of which says that it is the last. */
const pages = fc
  .array(page, {minLength: 1, maxLength: 12})
  .map((all) => all.map((one, index) => ({...one, next: index < all.length - 1 ? `page ${index + 1}` : undefined})));

test("a sweep goes on from page to page, keeps its span, and ends with the last", () => {
  fc.assert(
    fc.property(pages, (all) => {
      const {sweep} = follow(begin, all.slice(0, -1));
      if (all.length > 1) expect(sweep).toMatchObject({begin: 0, end: 1_086_400, next: all.at(-2)!.next});
      const ended = follow(begin, all);
      expect(ended.sweep).toBeUndefined();
      const times = all.flatMap(({newest}) => newest ?? []);
      expect(ended.newest).toBe(times.length === 0 ? undefined : Math.max(...times));
    })
  );
});

test("the next sweep begins the overlap before the newest reading, and never before time began", () => {
  expect(sweepOf({...begin, newest: 50_000.5}, plan)).toEqual({begin: 47_000, end: 1_086_400});
  expect(sweepOf({...begin, newest: 100}, plan).begin).toBe(0);
  expect(sweepOf({...begin, newest: 500}, {...plan, overlap: 0}).begin).toBe(500);
});

test("when a cursor is forgotten, all is read again that was not kept; from the begin, once pages did not come by time", () => {
  fc.assert(
    fc.property(pages, fc.nat(11), fc.boolean(), (all, cut, isSorted) => {
      const sorted = [...all]
        .sort((a, b) => (a.oldest ?? 0) - (b.oldest ?? 0))
        .map((one, i) => ({...one, next: all[i]!.next}));
      const told = isSorted ? sorted : all;
      const kept = told.slice(0, Math.min(cut, told.length - 1));
      const progress = follow(begin, kept);
      if (!progress.sweep) return;
      const again = stranded(progress, progress.sweep, plan).sweep!;
      expect(again.next).toBeUndefined();
      const isOrdered = kept.every(
        (one, i) => (one.oldest ?? Infinity) >= Math.max(0, ...kept.slice(0, i).flatMap(({oldest}) => oldest ?? []))
      );
      const rest = told.slice(kept.length);
      if (isSorted) for (const {oldest} of rest) expect(oldest ?? Infinity).toBeGreaterThanOrEqual(again.begin);
      if (!isOrdered) expect(again.begin).toBe(0);
    })
  );
});
