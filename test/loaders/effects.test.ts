import {expect, test} from "vitest";
import {effectsFrom} from "../../loaders/runs/effects.js";
import {silent} from "../../loaders/runs/reporter.js";

test("POND_NOW stands in for the clock, with or without an offset of its own", () => {
  const at = (POND_NOW: string) => effectsFrom({POND_NOW}).now();
  expect(at("2026-03-01T00:00:00Z")).toBe(1_772_323_200_000);
  expect(at("2026-02-28T16:00:00-08:00")).toBe(1_772_323_200_000);
});

test.each([{}, {POND_NOW: ""}])("the clock goes on where %o sets none", (env) => {
  const {now} = effectsFrom(env);
  const before = Date.now();
  expect(now()).toBeGreaterThanOrEqual(before);
  expect(now()).toBeLessThanOrEqual(Date.now());
});

test("a POND_NOW that is no time is refused at once", () => {
  expect(() => effectsFrom({POND_NOW: "noon"})).toThrow(
    'POND_NOW is "noon": write a time such as 2026-03-01T00:00:00Z'
  );
});

test("environment and reporter are those given, else the process's and none", () => {
  const env = {KEY: "x"};
  expect(effectsFrom(env)).toMatchObject({env, reporter: silent});
  expect(effectsFrom().env).toBe(process.env);
});
