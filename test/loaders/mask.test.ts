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
      for (const hidden of [A, B]) expect(plain.split(/[ |]/)).not.toContain(hidden);
    })
  );
  expect(mask("${env:A}${env:B}", {A: "key", B: "keyring"})("keyring key")).toBe("${env:B} ${env:A}");
});

test("a short value is hidden where it is a word of its own, a long one everywhere", () => {
  const hide = mask("${env:PIN} ${env:KEY} ${env:MARK}", {PIN: "a", KEY: "s3cr3t", MARK: "$1"});
  expect(hide("a day at a pier")).toBe("${env:PIN} day at ${env:PIN} pier");
  for (const text of ["?pin=a&x", "'a'", "a", "pin_a", "/a/", "a:b", "(a)", "äa"])
    expect(hide(text), text).toBe(text === "äa" ? text : text.replace(/a(?![a-z])/, "${env:PIN}"));
  expect(hide("xs3cr3ty")).toBe("x${env:KEY}y");
  expect(hide("costs$10")).toBe("costs$10");
  expect(hide("costs$1")).toBe("costs${env:MARK}");
});

test("a value is hidden as URLs and JSON spell it", () => {
  const hide = mask("${env:KEY}", {KEY: 'p&"w'});
  expect(hide(`?k=${encodeURIComponent('p&"w')}&x and ${JSON.stringify({k: 'p&"w'})} and p&"w`)).toBe(
    '?k=${env:KEY}&x and {"k":"${env:KEY}"} and ${env:KEY}'
  );
});
