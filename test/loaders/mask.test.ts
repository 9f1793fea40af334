import {relative} from "node:path";
import fc from "fast-check";
import {expect, test} from "vitest";
import {maskOf} from "../../loaders/resources/mask.js";
import {silent} from "../../loaders/runs/reporter.js";
import type {Resource, RunContext} from "../../loaders/types.js";

function mask(source: unknown, env: Record<string, string>): (text: string) => string {
  const context: Pick<RunContext, "effects" | "base"> = {
    effects: {now: Date.now, env, reporter: silent},
    base: "/base"
  };
  return maskOf({source} as Resource, context as RunContext);
}

test("a value is hidden wherever it stands, however a path is spelled", () => {
  const hide = mask({files: "${env:DIR}/*.csv", more: ["${env:KEY:-none}"]}, {DIR: "../logs", KEY: "a.b*", OTHER: "x"});
  expect(hide("../logs /logs/1.csv x")).toBe("${env:DIR} ${env:DIR}/1.csv x");
  expect(hide(`${relative(process.cwd(), "/logs/1.csv")}: a.b* is not aab`)).toBe(
    "${env:DIR}/1.csv: ${env:KEY} is not aab"
  );
});

test("what nothing is filled into stays as it is", () => {
  expect(mask({files: "a/*.csv"}, {A: "a"})("a/b.csv")).toBe("a/b.csv");
  expect(mask({files: "${env:A}${env:B}"}, {A: ".."})("../b.csv")).toBe("../b.csv");
});

test("of two values the longer counts, and what is masked stays", () => {
  const value = fc.stringMatching(/^[A-Z]{1,3}$/);
  fc.assert(
    fc.property(value, value, fc.stringMatching(/^[A-Z ]{0,12}$/), (A, B, text) => {
      const hide = mask("${env:A} ${env:B}", {A, B});
      expect(hide(hide(text))).toBe(hide(text));
      const plain = hide(text).replaceAll(/\$\{env:[AB]\}/g, "|");
      for (const hidden of [A, B]) expect(plain).not.toContain(hidden);
    })
  );
  expect(mask("${env:A}${env:B}", {A: "key", B: "keyring"})("keyring key")).toBe("${env:B} ${env:A}");
});
