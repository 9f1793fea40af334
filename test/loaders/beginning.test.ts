import {array, assert, constantFrom, integer, property, record} from "fast-check";
import {expect, test} from "vitest";
import {beginningIn} from "../../loaders/files/beginning.js";

const names = ["time", "temp", "sal", "flag"];
const rows = (count: number, delimiter: string) =>
  Array.from({length: count}, (_, i) => [`2026-01-01 00:0${i}`, `${i},5`, "33", "1"].join(delimiter));

const comment = constantFrom("# a", "# time; temp", '# 5" pipe', "# retrieved: 2026-01-02 10:00");
const word = constantFrom(
  ["Pier log"],
  ["Site", "Pier"],
  ["Serial", "12345"],
  ["Time zone", "UTC"],
  ["Date", "2026-01-01"],
  []
);
const unit = constantFrom(["UTC", "degC", "psu", "1"], ["", "Avg", "", "Smp"], ["5s", "20d", "14n", "10s"]);

const file = record({
  delimiter: constantFrom(";", "\t", "|"),
  isPadded: constantFrom(true, false),
  comments: array(comment, {maxLength: 5}),
  words: array(word, {maxLength: 5}),
  units: array(unit, {maxLength: 2}),
  count: integer({min: 1, max: 9})
});

test("whatever stands above the header and below it, it is found", () => {
  const isFound = property(file, ({delimiter, isPadded, comments, words, units, count}) => {
    const pad = (cells: readonly string[]) => (isPadded ? names.map((_, i) => cells[i] ?? "") : cells).join(delimiter);
    const above = [...comments, ...words.map(pad)];
    const below = [...units.map((cells) => cells.join(delimiter)), ...rows(count, delimiter)];
    const found = beginningIn([...above, names.join(delimiter), ...below, ""].join("\n"));
    expect({lead: found.lead, delimiter: found.table?.delimiter}).toEqual({lead: above.length + 1, delimiter});
    expect(found.table).toMatchObject({isLost: false, isNameless: false});
  });
  assert(isFound, {numRuns: 500});
});
