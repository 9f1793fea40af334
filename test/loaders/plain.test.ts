import {appendFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {openSource} from "../../loaders/files/open.js";
import {plainOf, storePlain} from "../../loaders/files/plain.js";
import type {Selection} from "../../pond/types.js";
import {harbour, quiet, readings, told} from "./inbox.js";
import {openDuck, temporaryDirectory} from "./memory.js";

const count = 40_000; // more than a file that is read at once

/** A second a row from 2025 on. */
function row(index: number): string {
  const time = new Date(Date.UTC(2025, 0, 1) + index * 1000).toISOString();
  return `${time},${(index % 997) / 10},${index % 31}`;
}

const lines = ["timestamp,DO.mg/L,pH", ...Array.from({length: count}, (_, index) => row(index))];

/** The lines with some in the place of one. */
function withLine(index: number, ...others: string[]): string {
  return `${[...lines.slice(0, index + 1), ...others, ...lines.slice(index + 2)].join("\n")}\n`;
}

const whole = withLine(0, row(0));

// ---- What is stored in one pass ----

test("numbers at times that rise are stored as they come, and what is written below them later likewise", async () => {
  const {pond, at, put, run} = await harbour();
  await put("dock.csv", whole);
  expect(told(await run())).toEqual({...quiet, read: count, stored: count});
  const [first, last] = await readings(pond, "/in/dock").then((all) => [all[0], all.at(-1)]);
  expect(first).toEqual({time: "2025-01-01T00:00:00.000Z", "DO.mg/L": 0, pH: 0});
  expect(last).toEqual({time: "2025-01-01T11:06:39.000Z", "DO.mg/L": 11.9, pH: 9});
  await appendFile(at("dock.csv"), `${row(count)}\n`);
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toHaveLength(count + 1);
  expect((await (await pond.fs()).versions("/in/dock")).map(({rows}) => rows)).toEqual([count, 1]);
});

test("a file that goes on where another ended is stored so too, one that overlaps it only where it is new", async () => {
  const {pond, put, run} = await harbour({files: "data/*_*.csv", into: "/in/$0"});
  await put("dock_1.csv", whole);
  await run();
  const later = (from: number) =>
    [lines[0], ...Array.from({length: count}, (_, index) => row(from + index))].join("\n");
  await put("dock_2.csv", `${later(count)}\n`);
  expect(told(await run())).toEqual({...quiet, read: count, stored: count});
  await put("dock_3.csv", `${later(2 * count - 10)}\n`);
  expect(told(await run())).toEqual({...quiet, read: count, stored: count - 10});
  expect(await readings(pond, "/in/dock")).toHaveLength(3 * count - 10);
});

// ---- What is not plain ----

test("of a large file, too, a last line that is not finished waits", async () => {
  const {at, put, run} = await harbour();
  await put("dock.csv", `${whole}${row(count).slice(0, 26)}`);
  const {notes, ...rest} = told(await run());
  expect(rest).toEqual({read: count, stored: count, aside: 0, errors: []});
  expect(notes[0]).toContain("its last line is not finished and waits");
  await appendFile(at("dock.csv"), `${row(count).slice(26)}\n`);
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
});

const middle = count / 2;
const [time, before] = [row(middle).slice(0, 24), row(middle - 1).slice(0, 24)];

test.each([
  {what: "a time that comes twice", line: `${before},1,1`, stored: count - 1},
  {what: "a time that falls", line: `2024-12-31T00:00:00Z,1,1`},
  {what: "a row without a time", line: ",1,1", read: count - 1, notes: /1 row without a time left out/},
  {what: "a row without a value", line: `${time},,`, stored: count - 1},
  {what: "a value that is none", line: `${time},n/a,1`, notes: /column "DO.mg\/L" has text in 1 row, such as "n\/a"/},
  {what: "a value without an end", line: `${time},inf,1`},
  {what: "a clock that was not set", line: "1970-01-01T00:00:00Z,1,1", stored: count - 1, aside: 1},
  {what: "quotes", line: `"${time}","1",1`}
])("what is not plain comes to the same as by the other way: $what", async ({line, notes, ...counts}) => {
  const {put, run} = await harbour();
  await put("dock.csv", withLine(middle, line));
  const {notes: found, ...rest} = told(await run());
  const {read = count, stored = read, aside = 0} = counts as {read?: number; stored?: number; aside?: number};
  expect(rest).toEqual({read, stored, aside, errors: []});
  if (notes) expect(found.join(" ")).toMatch(notes);
});

/** The times in the pieces in which a file is stored in one pass, where it is; `read` are its rows. */
async function passed(content: string, bytes?: number, read?: number): Promise<readonly number[] | undefined> {
  const [duck, scratch] = [await openDuck(), await temporaryDirectory()];
  const file = join(scratch, "dock.csv");
  await writeFile(file, content);
  const how = {timeZone: "UTC", scratch};
  const plain = await plainOf(duck, await openSource(duck, file, how), {how});
  const {pond} = await harbour();
  let stored: readonly number[] = [];
  const append = async (path: string, selection: Selection) => {
    stored = (await pond.stage(path, selection, duck)).pieces.map(({rows}) => rows);
    return stored.reduce((sum, rows) => sum + rows, 0);
  };
  const target = {reader: await pond.fs(), append, attempt: <T>(body: () => Promise<T>) => body()};
  const range = {begin: Date.UTC(2000, 0) * 1000, end: Date.UTC(2027, 0) * 1000};
  const storing = {path: "/in/dock", range, scratch, ...(bytes === undefined ? {} : {bytes})};
  const found = plain && (await storePlain(duck, target, plain, storing));
  if (!found) return undefined;
  const rows = stored.reduce((sum, one) => sum + one, 0);
  expect(found).toMatchObject({read: read ?? rows, stored: rows});
  return stored;
}

test("one pass is enough for a plain file and no other", async () => {
  expect(await passed(whole)).toEqual([count]);
  expect(await passed(withLine(middle, `${before},1,1`))).toBeUndefined();
  expect(await passed(withLine(middle, `${time},,`))).toBeUndefined();
  expect(await passed(whole.replace("pH", "DO (mg/L)"))).toBeUndefined();
});

test("a file of many portions is stored in as many pieces, by time also across them", async () => {
  const pieces = await passed(whole, 200_000);
  expect(pieces!.length).toBeGreaterThanOrEqual(Math.floor(whole.length / 200_000));
  expect(pieces!.reduce((sum, rows) => sum + rows, 0)).toBe(count);
});

const rows = lines.slice(1);
const written = (some: readonly string[], header = lines[0]!) => `${[header, ...some].join("\n")}\n`;

test("what is written in another order is sorted on the way, as long as portions do not overlap", async () => {
  const [first, second] = [rows.slice(0, middle), rows.slice(middle)];
  const [size, many] = [written(second).length, written(rows).length / 200_000];
  expect(await passed(written([...second, ...first]), size)).toBeUndefined(); // the second has the last of the first
  expect((await passed(written([...rows].reverse()), 200_000))!.length).toBeGreaterThan(many);
  const late = rows.map((_, index) => rows[index % 100 === 6 ? index - 1 : index % 100 === 5 ? index + 1 : index]!);
  expect(await passed(written(late))).toEqual([count]);
  const lateFurtherDown = [...rows.slice(0, -9), ...rows.slice(-9).reverse()];
  expect((await passed(written(lateFurtherDown), 200_000))!.length).toBeGreaterThan(many);
  const interleaved = first.flatMap((row, index) => [row, second[index]!]);
  expect(await passed(written(interleaved), 200_000)).toBeUndefined();
});

// ---- A row per parameter ----

const header = "timestamp,parameter,unit,value";

/** The rows of one time, of which there are two; one of each time stands in a portion and the other in the next, if it can. */
function long(index: number): readonly string[] {
  const [time, oxygen, acidity] = row(index).split(",");
  return [`${time!},DO,mg/L,${oxygen!}`, `${time!},pH,,${acidity!}`];
}

const longRows = rows.flatMap((_, index) => long(index));

test("a row per parameter is stored in one pass where each is the only one of its time and parameter", async () => {
  expect(await passed(written(longRows, header), undefined, 2 * count)).toEqual([count]);
  const pieces = await passed(written(longRows, header), 200_001, 2 * count);
  expect(pieces!.length).toBeGreaterThan(5);
  expect(pieces!.reduce((sum, one) => sum + one, 0)).toBe(count);
  expect(await passed(written([...longRows].reverse(), header), 200_001, 2 * count)).toHaveLength(pieces!.length);
  const without = longRows.toSpliced(middle, 1);
  expect(await passed(written(without, header), undefined, 2 * count - 1)).toEqual([count]);
});

test.each([
  {what: "twice, alike", line: longRows[middle]!},
  {what: "twice, otherwise", line: `${longRows[middle]!}5`},
  {what: "of a parameter that comes late", line: longRows.at(-1)!.replace("pH", "Salinity")},
  {what: "without a parameter", line: longRows[middle]!.replace("DO", "")},
  {what: "without a value", line: longRows[middle]!.replace(/,[\d.]+$/, ",")},
  {what: "with a value that has no end", line: longRows[middle]!.replace(/,[\d.]+$/, ",inf")},
  {what: "without a time", line: longRows[middle]!.replace(/^[^,]+/, "")},
  {what: "of a clock that was not set", line: longRows[middle]!.replace(/^[^,]+/, "1999-12-31T23:59:59Z")}
])("a row $what is not stored in one pass", async ({line}) => {
  expect(await passed(written([...longRows, line], header))).toBeUndefined();
});

test("a row per parameter comes to the same in one pass as by the other way", async () => {
  const [one, other] = [await harbour(), await harbour()];
  const few = longRows.slice(0, 2 * middle);
  await one.put("dock.csv", written(few, header));
  await other.put("dock.csv", written([...few, few[0]!], header)); // a row twice
  expect(told(await one.run())).toEqual({...quiet, read: few.length, stored: middle});
  expect(told(await other.run())).toEqual({...quiet, read: few.length + 1, stored: middle});
  const both = [await readings(one.pond, "/in/dock"), await readings(other.pond, "/in/dock")];
  expect(both[0]).toEqual(both[1]);
  const {pond} = one;
  const columns = async (of: typeof pond) => (await (await of.fs()).series("/in/dock")).columns();
  expect(await columns(pond)).toEqual(await columns(other.pond));
});

// ---- Columns of text ----

type Texts = (index: number) => string;
const far: (first: Texts, other: Texts) => Texts = (first, other) => (index) => (index < middle ? first : other)(index);
const few =
  (text: string, other: string): Texts =>
  (index) =>
    index % 100 === 5 ? text : other;

test.each<[string, string, Texts, boolean]>([
  ["Station", "one place, or none", few("", "River Pier"), true],
  ["Station", "another place further down", far(few("", "River Pier"), few("", "Dock")), false],
  ["Remark", "any words", (index) => `calm ${index % 9}`, true],
  ["Remark", "nothing", few('""', '""'), true],
  ["Remark", "nothing at first", far(few('""', '""'), few("ice", '""')), false],
  ["Turbidity", "numbers, n/a and nothing", (index) => ["N/A", "", "8.1", "nan"][index % 4]!, true],
  ["Turbidity", "numbers here and there", few("7.5", "n/a"), true],
  ["Turbidity", "numbers after none", far(few("n/a", "n/a"), few("n/a", "7.5")), false],
  ["Turbidity", "another word further down", far(few("n/a", "7.5"), few("ice", "7.5")), false],
  ["Turbidity", "a comma further down", far(few("n/a", "7.5"), few('"8,5"', "7.5")), false],
  ["Depth", "thousands with an apostrophe", few("1'000.5", "2'000.5"), false],
  ["Turbidity", "a blank between thousands further down", far(few("n/a", "7.5"), few("1 000", "7.5")), false],
  ["Turbidity", "thousands further down", far(few("n/a", "7.5"), few("1.234.567", "7.5")), false]
])("a column %s of %s is stored in one pass where that comes to the same", async (name, what, of, isOne) => {
  const content = written(
    rows.map((row, index) => `${row},${of(index)}`),
    `${lines[0]!},${name}`
  );
  const pieces = await passed(content, 400_000);
  if (!isOne) return expect(pieces).toBeUndefined();
  expect(pieces!.length).toBeGreaterThan(2);
  const [one, other] = [await harbour(), await harbour()];
  await one.put("dock.csv", content);
  await other.put("dock.csv", `${content}${rows.at(-1)!},\n`); // a row twice
  const [{notes, ...first}, {notes: saying, ...second}] = [told(await one.run()), told(await other.run())];
  const bare = (all: readonly string[]) => all.map((note) => note.slice(note.indexOf("dock.csv")));
  expect(first).toEqual({...second, read: second.read - 1});
  expect(bare(notes)).toEqual(bare(saying));
  const hash = async ({pond}: typeof one) =>
    (
      await (await pond.fs()).query(`SELECT count(*) AS rows, sum(hash(r))::VARCHAR AS hash FROM "/in/dock" AS r`)
    ).toString();
  expect(await hash(one)).toBe(await hash(other));
});

test("texts among numbers are counted as the rows pass, also where these are sorted on the way", async () => {
  for (const all of [rows, rows.toReversed(), [...rows.slice(0, -9), ...rows.slice(-9).reverse()]]) {
    const {put, run} = await harbour();
    const texts = all.map((line, index) => `${line},${index % 1000 === 3 || index === count - 1 ? "n/a" : "1.5"}`);
    await put("dock.csv", written(texts, `${lines[0]!},Turbidity`));
    const {notes, ...rest} = told(await run());
    expect(rest).toEqual({read: count, stored: count, aside: 0, errors: []});
    expect(notes.join(" ")).toMatch(/column "Turbidity" has text in 41 rows, such as "n\/a", taken as missing/);
  }
});
