import {expect, test} from "vitest";
import {kinds} from "../../loaders/kinds.js";
import {dependenciesOf, inOrder} from "../../loaders/runs/order.js";
import type {Resource} from "../../loaders/types.js";
import {resource} from "./pond.js";

function reader(name: string, output: string, ...inputs: string[]): Resource {
  return resource("Combine", name, {output, scopes: [{name: "S", inputs: inputs.map((series) => ({series}))}]});
}

function names(resources: readonly Resource[]): string[] {
  return inOrder(resources, dependenciesOf(resources, kinds)).map(({name}) => name);
}

test("resources come after those whose paths they read, else in the order given", () => {
  const files = resource("Inbox", "files", {files: "*.csv", into: "/in/$0/raw"});
  const a = reader("a", "/sites/A", "/in/*/raw");
  const all = reader("all", "/all", "/sites/*");
  const other = reader("other", "/other", "/elsewhere/x");
  expect(names([all, other, a, files])).toEqual(["files", "a", "all", "other"]);
  expect(names([other, files, a, all])).toEqual(["other", "files", "a", "all"]);
});

test.each([
  ["/x/a", "/x/abc", false], // merely begins as the other
  ["/x/a", "/x/a", true],
  ["/x/a", "/x/?", true],
  ["/x/a-raw", "/x/*-clean", false],
  ["/x/a-clean", "/x/*-clean", true],
  ["/x/a", "/y/**", false],
  ["/x/a", "/x/**", true],
  ["/x/a", "/x", true], // a directory with it in
  ["/x/a", "/{w,x}/[ab]", true]
])("what is written to %s and read from %s: %s", (written, read, isWaiting) => {
  const [source, other] = [reader("source", written, "/none"), reader("other", "/other", read)];
  expect(names([other, source])).toEqual(isWaiting ? ["source", "other"] : ["other", "source"]);
});

test("resources that wait for one another are refused, with the cycle drawn and its place", () => {
  const ring = [reader("a", "/a", "/c"), reader("b", "/b", "/a"), reader("c", "/c", "/b")];
  expect(() => names(ring)).toThrow(
    /resources\.yaml:1:1: what this makes it is made of itself: Combine\/a → Combine\/b → Combine\/c → Combine\/a; have one of them read from elsewhere\.$/
  );
});

test("a series that is made of itself is refused", () => {
  expect(() => names([reader("all", "/sites/All", "/sites/*")])).toThrow("itself: Combine/all → Combine/all;");
  expect(names([reader("all", "/sites/All", "/sites/*-raw")])).toEqual(["all"]);
});

test.each([
  ["/v/$0", "/v/a"],
  ["/v/$0", "/v/$0"],
  ["/v/a", "/v/a"],
  ["/v/a", "/sys/validated/v/a/readings"]
])("a Validate that makes %s with the neighbour %s is refused, with the cycle drawn", (output, series) => {
  const tests = [{parameter: "T", neighbour: {series, suspect: 1}}];
  const own = resource("Validate", "v", {input: "/in/*", output, interval: "1h", tests});
  expect(() => names([own])).toThrow(
    `itself: Validate/v → Validate/v; have it read something else than ${series.replace("$0", "*")}.`
  );
  const beside = {...tests[0]!, neighbour: {series: "/in/$0", suspect: 1}};
  expect(names([resource("Validate", "v", {input: "/in/*", output, interval: "1h", tests: [beside]})])).toEqual(["v"]);
});

test("tables of people may lie where a pattern of theirs might also meet what is made", () => {
  const spec = {input: "/{pier,dock}/raw", output: "/checked/$0", interval: "1h", annotations: ["/*/annotations"]};
  expect(names([resource("Validate", "v", spec)])).toEqual(["v"]);
});
