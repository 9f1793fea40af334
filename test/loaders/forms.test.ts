import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {gzipSync} from "node:zlib";
import {expect, test} from "vitest";
import {describeShared, shared} from "../shared.js";
import {harbour, quiet, readings, told} from "./inbox.js";
import {openDuck} from "./memory.js";

/** The forms that files come in, beside the plain CSV and Parquet of inbox.test.ts. */

const first = "2026-01-01T00:00:00.000Z";

async function attributesOf(pond: Awaited<ReturnType<typeof harbour>>["pond"], path: string) {
  return (await (await (await pond.fs()).series(path)).columns()).map(({name, attributes}) => ({name, ...attributes}));
}

// ---- A row per parameter ----

test("the long form becomes a column per parameter, and unit", async () => {
  const {pond, put, run} = await harbour();
  const rows = [
    "DO,2026-01-01,9.5,mg/L",
    "pH,2026-01-01,8,",
    "DO,2026-01-02,9,mg/L",
    ",2026-01-02,1,",
    "DO,2026-01-03,n/a,mg/L"
  ];
  await put("dock.csv", ["Parameter,Timestamp,Value,Unit", ...rows, ""].join("\n"));
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 5, stored: 2, aside: 0, errors: []});
  expect(notes.map((note) => note.replace(/^.*?: /, ""))).toEqual([
    'text for values in 1 row, such as "n/a", taken as missing.',
    "1 row without a parameter left out."
  ]);
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: first, "DO.mg/L": 9.5, pH: 8},
    {time: "2026-01-02T00:00:00.000Z", "DO.mg/L": 9, pH: null}
  ]);
  expect(await attributesOf(pond, "/in/dock")).toEqual([
    {name: "DO.mg/L", instrument: "dock", parameter: "DO", unit: "mg/L"},
    {name: "pH", instrument: "dock", parameter: "pH"}
  ]);
});

test("in the long form, what tells readings of one parameter apart must be named", async () => {
  const text = "Layer,Name,When,Reading\nA,DO (mg/L),2026-01-01,9\nB,DO (mg/L),2026-01-01,8\n";
  const how = {time: "When", parameter: "Name", value: "Reading"};
  const bare = await harbour(how);
  await bare.put("dock.csv", text);
  expect(told(await bare.run()).errors).toEqual([
    `${bare.named("dock.csv")} was skipped: its readings of one time and parameter differ with the column "Layer"; ` +
      'set scope to ["Layer"]; mend it or take it away.'
  ]);
  const {pond, put, run} = await harbour({...how, scope: ["Layer"]});
  await put("dock.csv", text);
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([{time: first, "A.DO.mg/L": 9, "B.DO.mg/L": 8}]);
  expect((await attributesOf(pond, "/in/dock"))[0]).toEqual({
    ...{name: "A.DO.mg/L", instrument: "dock", scope: "A", parameter: "DO", unit: "mg/L"}
  });
});

test("a column of the long form that is not there is named", async () => {
  const {put, run} = await harbour({parameter: "Nam", value: "Reading"});
  await put("dock.csv", "Name,time,Reading\nDO,2026-01-01,9\n");
  expect(told(await run()).errors[0]).toContain('it has no column "Nam", but one "Name" (it has Name, time, Reading)');
});

// ---- How text is packed and written ----

const german = "Zeit;Sauerstoff (mg/l);Temperatur (°C)\n2026-01-01 00:00;9,25;11,5\n2026-01-01 01:00;10;-0,5\n";
const germanRows = [
  {time: first, "Sauerstoff.mg/l": 9.25, "Temperatur.°C": 11.5},
  {time: "2026-01-01T01:00:00.000Z", "Sauerstoff.mg/l": 10, "Temperatur.°C": -0.5}
];

test.each<[string, string, Uint8Array]>([
  ["UTF-8 with a byte order mark", "dock.csv", Buffer.from(`\uFEFF${german}`)],
  ["UTF-16, little end first", "dock.csv", Buffer.from(`\uFEFF${german}`, "utf16le")],
  ["UTF-16, big end first", "dock.csv", Buffer.from(`\uFEFF${german}`, "utf16le").swap16()],
  ["UTF-16 without a mark", "dock.csv", Buffer.from(german, "utf16le")],
  ["Windows-1252", "dock.csv", Buffer.from(german, "latin1")],
  ["gzip", "dock.csv.gz", gzipSync(german)],
  ["gzip over Windows-1252", "dock.csv.gz", gzipSync(Buffer.from(german, "latin1"))],
  ["gzip over UTF-16", "dock.csv.gz", gzipSync(Buffer.from(`\uFEFF${german}`, "utf16le"))],
  ["the ending .txt", "dock.txt", Buffer.from(german)]
])("CSV with decimal commas in %s", async (_, name, bytes) => {
  const {pond, put, run} = await harbour({files: "data/dock.*", into: "/in/dock", time: "Zeit"});
  await put(name, bytes);
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect(await readings(pond, "/in/dock")).toEqual(germanRows);
});

test("what Windows-1252 has and Latin-1 has not", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", Buffer.from([...Buffer.from("time,Price ("), 0x80, ...Buffer.from(")\n2026-01-01,2\n")]));
  await run();
  expect(await readings(pond, "/in/dock")).toEqual([{time: first, "Price.€": 2}]);
});

const remarks = (count: number, remark: string) =>
  Array.from(
    {length: count},
    (_, i) => `${new Date(1.7e12 + i * 60_000).toISOString()},${i},${i === count - 2 ? remark : "ok"}\n`
  );

test("a line in Windows-1252 is read wherever it stands", async () => {
  const {pond, put, run} = await harbour();
  await put("plain.csv", Buffer.from(`time,T,remark\n${remarks(30_000, "d\xe9j\xe0").join("")}`, "latin1"));
  await put(
    "dock.csv",
    Buffer.concat([
      Buffer.from("time,T (°C),remark\n"),
      Buffer.from(remarks(30_000, "\x93\xe9t\xe9").join(""), "latin1")
    ])
  );
  expect(told(await run())).toMatchObject({errors: [], stored: 60_000});
  expect(Object.keys((await readings(pond, "/in/dock"))[0]!)).toEqual(["time", "T.°C"]);
});

test("a line in Windows-1252 in what a file has grown by leaves its columns as they were", async () => {
  const {pond, put, run} = await harbour();
  const [header, rows] = [Buffer.from("time,T (°C),remark\n"), remarks(12, "\xe9t\xe9")];
  await put("dock.csv", Buffer.concat([header, Buffer.from(rows.slice(0, 5).join(""))]));
  expect(told(await run())).toMatchObject({errors: [], stored: 5});
  await put("dock.csv", Buffer.concat([header, Buffer.from(rows.join(""), "latin1")]));
  expect(told(await run())).toMatchObject({errors: [], read: 7, stored: 7});
  expect((await readings(pond, "/in/dock")).map((row) => row["T.°C"])).toEqual(rows.map((_, i) => i));
});

// `zstd -c`, of what the names say, since Node 20 packs none
const zstd: Readonly<Record<string, string>> = {
  "a logger's table":
    "KLUv/QRo5QMAAocXHKA5B4+rqrqfrhK07EcznWrWTUSECD4Ca9ZwCwYLDrv7/RpGURBEjBC+51xru3C4/sfP9sJeiO1tWZqk1V5GmBQlVkMBQlUAm1Y7jJyQwizTy/C5tlb/3wexGspmOheoENjs/zvAVwcQgPHNPABW5beXyFcBQ5hzp2qG8qI=",
  "sep=;":
    "KLUv/QRoZQMAAkUTHLA3ByyQJJV2o7ElmBQJ3ER6aWnJlunnCEvz/QQo1aQf293vnFLGCOF7zrXGvJv0Y+9f+NV+7RfkM0p1MRC6dEA4D6CKpsjRoNSDQpkWqBDo6/8d0HM1EHDBxDfRPMCvTr/5XhIgYUhkoCuYyg==",
  "UTF-16":
    "KLUv/QRozQMAQgYTGbBrDh2GoSFJKoFJxt1hwnVd1wpuOa+MRAofx3t8HsdpGoZZFkVJEgQ5jlji0vgSoe8bPL5FJvJFAq3Z6ZWaJQ6jW2FQSqReqxrXBRmgEOAKpWl/A+CVYQ3nR+OUP1e4gqfwCm/hFb6FV3gLj+miTZY37MqwU+4euuA=",
  "Windows-1252":
    "KLUv/QRoFQMAQkQQFsA9//9+3fqqlFV07SiKokjYMvJoYQHnnD/vOdcaY2splRJC5+yeuybLPPmH/+F8OV8YegQsnpdiMiIXQRJ6aw4XqBDo6/8b0HM5EIiBRBJKrDx/FIkbgpd4Ipnqnsj7GTFr",
  "ends of lines of two kinds":
    "KLUv/QRoDQMAkoQQFLA9LA3DQtycDE3WpBa2Y3pC2PcY4ObCDkLoEYTvOdcaY2splRJCNxd2vvzHf4HeoDctfQLhaoqrLkTyPsQsFdsdFqgQ6Ov/G9BzNRBwwcROOA+Ark6/+V4SIC4kMn5JzWA=",
  "a line that was cut":
    "KLUv/QRoLQMAcgQQFMA9v//fDZJnfK+WJEkSkpROKcAsoF6izP/7O9caY2splRJC5/xfoowT9+ce3st7WccPqFjaicmAeosQybQ0BxeoMPb6/waAl9YYEICBxJIkeRC/VkqPjZOMd4u8NE1bvwzYGD09",
  "a line without a time":
    "KLUv/QRohQMA8oQSG7A3ByyQJJU24jITUS+Y0r20tGTLHHKcsGTdCQiZ6tZ/X8oYIVy9KnMy7znXGmO7/1S3rLZgp1vd6q0XIUuRGIsGg/MAiVAjOZoXqBDY69Z/A4CX1hgQcMHEzkTzoO92ygPe70jO1vkSkPZ8Gd3TP14="
};

test.each(Object.keys(zstd))("CSV packed with zstd: %s", async (name) => {
  const {pond, put, run} = await harbour({files: "data/*.zst", into: "/in/dock"});
  await put("dock.csv.zst", Buffer.from(zstd[name]!, "base64"));
  expect(told(await run())).toMatchObject({errors: [], stored: 12});
  expect((await readings(pond, "/in/dock")).map((row) => row["T.°C"])).toEqual(
    Array.from({length: 12}, (_, i) => i + 0.5)
  );
});

test.each(["csv", "json"])("%s packed with zstd", async (format) => {
  const {pond, at, run} = await harbour({files: "data/dock.*", into: "/in/dock"});
  const duck = await openDuck();
  const options = {FORMAT: format, COMPRESSION: "zstd", ...(format === "csv" ? {HEADER: true} : {})};
  await duck.copy(`SELECT TIMESTAMP '2026-01-01' AS time, 1.5 AS "DO.mg/L"`, at(`dock.${format}.zst`), options);
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([{time: first, "DO.mg/L": 1.5}]);
});

test.each(["csv", "json"])("%s packed with zstd and cut is refused, however much of it is there", async (format) => {
  const {put, at, run} = await harbour({files: "data/dock.*", into: "/in/dock"});
  const duck = await openDuck();
  const options = {FORMAT: format, COMPRESSION: "zstd"};
  const rows = "SELECT TIMESTAMP '2025-01-01' + to_minutes(i) AS time, i * 7919 % 1000 AS DO FROM range(100000) t(i)";
  await duck.copy(rows, at(`whole.${format}.zst`), options);
  const whole = await readFile(at(`whole.${format}.zst`));
  for (const part of [0.1, 0.5, 0.9, 0.9999]) {
    await put(`dock.${format}.zst`, whole.subarray(0, Math.floor(whole.length * part)));
    const {errors, stored} = told(await run());
    expect([stored, errors]).toEqual([0, [expect.stringContaining("it ends in the middle of what is packed in it")]]);
  }
  await put(
    `dock.${format}.zst`,
    Buffer.concat([whole, Buffer.from("502a4d180300000001020 3".replace(" ", "0"), "hex")])
  );
  expect(told(await run())).toMatchObject({errors: [], stored: 100_000});
});

test("a comma that may be decimal or between thousands is refused with both, until the resource tells", async () => {
  const text = "time;DO\n2026-01-01;1,234\n";
  const open = await harbour();
  await open.put("dock.csv", text);
  expect(told(await open.run()).errors).toEqual([
    `${open.named("dock.csv")} was skipped: its column "DO" holds "1,234", which is 1.234 (decimal comma) or ` +
      '1234 (thousands); set decimal to "," or "."; mend it or take it away.'
  ]);
  const {pond, put, run} = await harbour({decimal: ","});
  await put("dock.csv", text);
  await run();
  expect(await readings(pond, "/in/dock")).toEqual([{time: first, DO: 1.234}]);
});

test.each<[string, readonly string[], readonly (number | null)[], object?]>([
  ["points between thousands", ["1.234,5", "2.345", "7,5"], [1234.5, 2345, 7.5]],
  ["commas between thousands", ["1,234.5", "2,345", "7.5"], [1234.5, 2345, 7.5]],
  ["commas between thousands alone", ["1,234,567", "2,345", "-7"], [1_234_567, 2345, -7]],
  ["a comma between thousands, as told", ["1,234", "2"], [1234, 2], {decimal: "."}],
  ["a point between thousands, as told", ["1.234", "2"], [1234, 2], {decimal: ","}],
  ["points, three digits behind each", ["1.234", "n/a", "12.345"], [1.234, null, 12.345]],
  ["what is no number either way", ["1.234,5", "2,345.5", "1,5"], [1234.5, null, 1.5], {decimal: ","}],
  ["nothing but points", ["1.5", "2.25", "n/a"], [1.5, 2.25, null], {decimal: ","}],
  ["blanks between thousands", ["999,5", "1 000,5", "-1 234 567,25"], [999.5, 1000.5, -1_234_567.25]],
  ["blanks of other widths", ["1\u00a0000,5", "1\u202f000,5", "1\u2009000"], [1000.5, 1000.5, 1000]],
  ["apostrophes between thousands", ["999.5", "1'000.5", "1’234’567"], [999.5, 1000.5, 1_234_567]],
  ["marks that stand elsewhere", ["1.5", "12 34", "2.5", "1 000'000", "7"], [1.5, null, 2.5, null, 7]],
  ["powers of ten behind a comma", ["1,5E+03", "2,345e-1"], [1500, 0.2345]]
])("numbers with %s", async (_, texts, values, spec = {}) => {
  for (const form of ["wide", "long"]) {
    const {pond, put, run} = await harbour(spec);
    const lead = form === "wide" ? "time;DO" : "time;parameter;value";
    const row = (text: string, minute: number) => `2026-01-01 00:0${minute};${form === "wide" ? "" : "DO;"}${text}\n`;
    await put("dock.csv", `${lead}\n${texts.map(row).join("")}`);
    expect(told(await run()).errors).toEqual([]);
    const read = new Map((await readings(pond, "/in/dock")).map(({time, DO}) => [time, DO]));
    const times = values.map((_, minute) => `2026-01-01T00:0${minute}:00.000Z`);
    expect(times.map((time) => read.get(time) ?? null)).toEqual(values);
  }
});

test("a point among decimal commas that may stand between thousands is refused with both", async () => {
  const {named, put, run} = await harbour();
  await put("dock.csv", "time;DO;T\n2026-01-01;1,5;1.234\n");
  expect(told(await run()).errors).toEqual([
    `${named("dock.csv")} was skipped: its column "T" holds "1.234", which is 1.234 (decimal point) or 1234 ` +
      '(thousands, among decimal commas); set decimal to "," or "."; mend it or take it away.'
  ]);
});

test("a logger's table: two lines of units and processing below its header, which is not the first line", async () => {
  const {pond, named, put, run} = await harbour();
  const header = [
    '"TOA5","CR1000","CR1000","12345","Std.32","CPU:prog.CR1","1234","Hourly"',
    '"TIMESTAMP","BattV","Air"'
  ];
  const rows = ['"2026-01-01 00:00:00",12.5,11.25', '"2026-01-01 01:00:00",12.4,"NAN"'];
  await put("dock.dat", [...header, '"TS","Volts","Deg C"', '"","Min","Avg"', ...rows, ""].join("\n"));
  expect(told(await run())).toEqual({
    ...quiet,
    read: 2,
    stored: 2,
    notes: [`${named("dock.dat")}: 2 rows without a time left out.`]
  });
  const kept = [
    {time: first, BattV: 12.5, Air: 11.25},
    {time: "2026-01-01T01:00:00.000Z", BattV: 12.4, Air: null}
  ];
  expect(await readings(pond, "/in/dock")).toEqual(kept);
  await put(
    "dock.dat",
    [...header, '"TS","Volts","Deg C"', '"","Min","Avg"', ...rows, '"2026-01-01 02:00:00",12,11', ""].join("\n")
  );
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
});

test.each([
  ["a header that comes again", "time,DO\n2026-01-01,9\ntime,DO\n2026-01-02,8\n"],
  ["a header that comes twice", "time,DO\ntime,DO\n2026-01-01,9\n2026-01-02,8\n"],
  ["a line of units below the header", "time,DO\nyyyy-mm-dd,mg/L\n2026-01-01,9\n2026-01-02,8\n"],
  ["the same with the time apart", "Date,Time,DO\nymd,hms,mg/L\n2026-01-01,00:00,9\nDate,Time,DO\n2026-01-02,00:00,8\n"]
])("%s is left out, and told", async (_, text) => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", text);
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 2, stored: 2, aside: 0, errors: []});
  expect(notes.join()).toMatch(/: [12] rows? without a time left out\.$/);
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([9, 8]);
});

test("the RDB of USGS: comments, and below the header a line that tells how wide columns are", async () => {
  const {pond, named, put, run} = await harbour({files: "data/*.txt"});
  const rows = Array.from({length: 5}, (_, i) => `USGS\t11468000\t2026-01-01 0${i}:00\tPST\t${i}.5\tA`);
  const comments = Array.from(
    {length: 27},
    (_, i) => `# ${i % 2 ? "retrieved: 2026-01-02 10:00, for station 11468000" : ""}`
  );
  const header = "agency_cd\tsite_no\tdatetime\ttz_cd\t1234_00010\t1234_00010_cd";
  await put("dock.txt", [...comments, header, "5s\t15s\t20d\t6s\t14n\t10s", ...rows, ""].join("\n"));
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 5, stored: 5, aside: 0, errors: []});
  expect(notes).toContain(`${named("dock.txt")}: line 29 left out, whose time cannot be read.`);
  expect((await readings(pond, "/in/dock")).map((row) => row["1234_00010"])).toEqual([0.5, 1.5, 2.5, 3.5, 4.5]);
  await put(
    "dock.txt",
    [...comments, header, "5s\t15s\t20d\t6s\t14n\t10s", ...rows, `${rows[4]!.replace("04:", "05:")}\n`].join("\n")
  );
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
});

test.each([
  ["comments and units", "# a\n# b\ntime,temp,sal,flag\nUTC,degC,psu,1\n"],
  ["comments and padded words", "# a\nSite,Pier,,\ntime,temp,sal,flag\n"],
  ["padded words", "Site,Pier,,\nDate,2026-01-01,,\ntime,temp,sal,flag\n"],
  ["words of two values, more than there are rows", `${"Serial,12\n".repeat(6)}time,temp,sal,flag\n`],
  ["a header that begins as comments do", "# a\n# time,temp,sal,flag\n"],
  ["a comment with a quote that does not end", '# 5" pipe\ntime,temp,sal,flag\n']
])("rows below %s are all stored under their names", async (_, above) => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", `${above}2026-01-01,10.5,33,1\n2026-01-02,11.5,34,1\n`);
  expect(told(await run())).toMatchObject({stored: 2, errors: []});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: first, temp: 10.5, sal: 33, flag: 1},
    {time: "2026-01-02T00:00:00.000Z", temp: 11.5, sal: 34, flag: 1}
  ]);
});

test("two lines that may each be the header are told", async () => {
  const {named, put, run} = await harbour();
  await put("dock.csv", "Key,Value\nDate,Pier\ntime,T\n2026-01-01,1\n2026-01-02,2\n");
  expect(told(await run()).errors).toEqual([
    `${named("dock.csv")} was skipped: its lines 2 and 3 may each be its header; take away what stands above that; mend it or take it away.`
  ]);
  await put("dock.csv", "Date,Time,T\ndate,time,degC\n2026-01-01,00:00,1\n");
  expect(told(await run())).toMatchObject({stored: 1, errors: []});
});

test("a comment further down is none of the rows, and what has its mark within is no comment", async () => {
  const {pond, put, run} = await harbour();
  const rows = (day: number) => Array.from({length: 9}, (_, i) => `2026-01-0${day}T0${i}:00Z,${i}\n`).join("");
  await put("a.csv", `# a\ntime,T\n${rows(1)}# b\n# c\n# d\n${rows(2)}`);
  await put("b.csv", `# a\ntime,T,# of pings\n${rows(1).replaceAll("\n", ",#N/A\n").replace("#N/A", "7")}`);
  expect(told(await run())).toMatchObject({stored: 27, errors: []});
  expect((await readings(pond, "/in/b")).map((row) => row["# of pings"])).toEqual([
    7,
    ...Array.from({length: 8}, () => null)
  ]);
});

test("rows far down that are not what the first ones are", async () => {
  const {pond, put, run} = await harbour();
  const rows = Array.from({length: 30_000}, (_, i) => `${1_767_225_600 + i},${i},${i}`);
  await put("dock.csv", ["time,a,b", ...rows, "1767325600,0.5,1.5", "1767325601,lost,7", ""].join("\n"));
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 30_002, stored: 30_002, aside: 0, errors: []});
  expect(notes.map((note) => note.replace(/^.*?: /, ""))).toEqual([
    'column "a" has text in 1 row, such as "lost", taken as missing.'
  ]);
  expect((await readings(pond, "/in/dock")).slice(-2).map(({a, b}) => [a, b])).toEqual([
    [0.5, 1.5],
    [null, 7]
  ]);
});

// ---- JSON ----

test.each<[string, string]>([
  ["jsonl", '{"time":"2026-01-01","DO.mg/L":1.5,"water":{"pH":8}}\n{"time":"2026-01-02","DO.mg/L":null,"note":"x"}\n'],
  ["json", '[{"time":1767225600,"DO.mg/L":1.5,"water":{"pH":8}},\n {"time":1767312000,"note":"x"}]\n']
])("objects of JSON, in .%s", async (ending, text) => {
  const {pond, put, run} = await harbour({files: "data/dock.*", into: "/in/dock"});
  await put(`dock.${ending}`, text);
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 2, stored: 1, aside: 0, errors: []});
  expect(notes.map((note) => note.replace(/^.*?: /, ""))).toEqual(['column "note" left out (it holds text).']);
  expect(await readings(pond, "/in/dock")).toEqual([{time: first, "DO.mg/L": 1.5, "water.pH": 8}]);
});

test.each([{}, {scope: ["place"]}])(
  "the keys around a value of JSON are of its parameter, not its unit: %j",
  async (spec) => {
    const {pond, put, run} = await harbour({files: "data/*", into: "/in/$0_", ...spec});
    const water = {temp: 1, "DO.mg/L": 2, pos: {lat: 3}};
    await put("typed.jsonl", `${JSON.stringify({time: "2026-01-01", place: "", water})}\n`);
    await put(
      "mixed.jsonl",
      `${JSON.stringify({time: "2026-01-01", place: "", water: 1})}\n${JSON.stringify({time: "2026-01-02", place: "", water})}\n`
    );
    expect(told(await run()).errors).toEqual([]);
    for (const name of ["typed", "mixed"]) {
      const told = new Map(
        (await attributesOf(pond, `/in/${name}.jsonl_`)).map(({name: column, ...rest}) => [column, rest])
      );
      const instrument = `${name}.jsonl_`;
      expect(told.get("water.temp")).toEqual({instrument, parameter: "water.temp"});
      expect(told.get("water.DO.mg/L")).toEqual({instrument, parameter: "water.DO", unit: "mg/L"});
      expect(told.get("water.pos.lat")).toEqual({instrument, parameter: "water.pos.lat"});
    }
  }
);

const otlp = (scope: string, metrics: object[]) =>
  `${JSON.stringify({resourceMetrics: [{resource: {}, scopeMetrics: [{scope: {name: scope}, metrics}]}]})}\n`;
const room = (name: string) => ({key: "room", value: {stringValue: name}});
const at = (second: number) => String(BigInt(1_767_225_600 + second) * 1_000_000_000n + 999n);

test("OTLP metrics: gauges and sums, told apart by their attributes", async () => {
  const {pond, put, run} = await harbour({files: "data/*.jsonl"});
  const points = [
    {timeUnixNano: at(0), asDouble: 20.5, attributes: [room("attic"), {key: "floor", value: {intValue: "3"}}]},
    {timeUnixNano: at(0), asDouble: 12, attributes: [room("cellar")]},
    {timeUnixNano: at(1), flags: 1, attributes: [room("cellar")]}
  ];
  const sum = {dataPoints: [{timeUnixNano: at(0), asInt: "7"}], isMonotonic: true, aggregationTemporality: 2};
  const metrics = [
    {name: "room.temperature", unit: "Cel", gauge: {dataPoints: points}},
    {name: "pump.starts", sum},
    {name: "latency", histogram: {dataPoints: []}}
  ];
  await put("dock.jsonl", otlp("sensors", metrics));
  const {notes, ...counts} = told(await run());
  expect(counts).toEqual({read: 4, stored: 1, aside: 0, errors: []});
  expect(notes[0]).toContain('metric "latency" left out (neither a gauge nor a sum)');
  expect(await readings(pond, "/in/dock")).toEqual([
    {
      time: first,
      "pump.starts": 7,
      "room.temperature{floor=3,room=attic}.Cel": 20.5,
      "room.temperature{room=cellar}.Cel": 12
    }
  ]);
  expect((await attributesOf(pond, "/in/dock")).slice(0, 2)).toEqual([
    {name: "pump.starts", instrument: "dock", parameter: "pump.starts"},
    {
      name: "room.temperature{floor=3,room=attic}.Cel",
      instrument: "dock",
      parameter: "room.temperature{floor=3,room=attic}",
      unit: "Cel"
    }
  ]);
});

test("two scopes that measure one thing at one time must be told apart", async () => {
  const point = (value: number) => [{name: "t", gauge: {dataPoints: [{timeUnixNano: at(0), asDouble: value}]}}];
  const text = otlp("one", point(1)) + otlp("two", point(2));
  const open = await harbour({files: "data/*.jsonl"});
  await open.put("dock.jsonl", text);
  expect(told(await open.run()).errors[0]).toContain('set scope to ["scope"]');
  const {pond, put, run} = await harbour({files: "data/*.jsonl", scope: ["scope"]});
  await put("dock.jsonl", text);
  await run();
  expect(await readings(pond, "/in/dock")).toEqual([{time: first, "one.t": 1, "two.t": 2}]);
});

// ---- HydroVu's export ----

const page = (rows: string) =>
  `<html><body><table id="isi-report"><tr><td>Location = Dock &amp; Pier</td></tr>
  <tr class="dataHeader" isi-data-table=""><td>Date Time</td><td>DO (mg/L)</td><td>% Saturation O₂ (%&nbsp;sat)</td></tr>
  ${rows}</table></body></html>`;

test("an export of HydroVu: the instant in a row counts before its text", async () => {
  const {pond, put, run} = await harbour({files: "data/*.htm", timeZone: "America/Los_Angeles"});
  const instants =
    '<tr class="data" isi-data-row="" isi-hv-timestamp="1767225600000"><td>1/2/26 3:00 PM</td><td>9.5</td><td></td></tr>';
  const texts = '<tr class="data" isi-data-row=""><td>2025-12-31 17:00:00.000</td><td>9</td><td>101</td></tr>';
  await put("dock.htm", page(instants + texts));
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: first, "DO.mg/L": 9.5, "% Saturation O₂.% sat": null},
    {time: "2026-01-01T01:00:00.000Z", "DO.mg/L": 9, "% Saturation O₂.% sat": 101}
  ]);
});

test("an export of HydroVu: so does the instant in a row's first cell, and one in another is none of the row's", async () => {
  const {pond, put, run} = await harbour({files: "data/*.htm", timeZone: "America/Los_Angeles"});
  const instant = 'isi-hv-timestamp="1767225600000"';
  const row = (time: string, value: string) => `<tr class="data" isi-data-row="">${time}${value}<td>100</td></tr>`;
  const first = row(`<td ${instant}>1/2/26 3:00 PM</td>`, "<td>9.5</td>");
  await put("dock.htm", page(first + row("<td>2025-12-31 17:00:00.000</td>", `<td ${instant}>9</td>`)));
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect((await readings(pond, "/in/dock")).map(({time}) => time)).toEqual([
    "2026-01-01T00:00:00.000Z",
    "2026-01-01T01:00:00.000Z"
  ]);
});

test("an export of HydroVu: timeFormat is that of texts, and an instant may stand in any row", async () => {
  const row = (time: string, value: number, instant = "") =>
    `<tr isi-data-row="" ${instant}><td>${time}</td><td>${value}</td><td></td></tr>`;
  const rows = row("1/2/26 3:00 PM", 1, 'isi-hv-timestamp="1767225600000"') + row("12/31/25 5:00 PM", 2);
  for (const spec of [{}, {timeFormat: "%m/%d/%y %I:%M %p"}]) {
    const {pond, put, run} = await harbour({files: "data/*.htm", timeZone: "America/Los_Angeles", ...spec});
    await put("dock.htm", page(rows));
    expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
    expect((await readings(pond, "/in/dock")).map((all) => [all.time, all["DO.mg/L"]])).toEqual([
      [first, 1],
      ["2026-01-01T01:00:00.000Z", 2]
    ]);
  }
});

test("HTML without a table of readings is named", async () => {
  const {put, run} = await harbour();
  await put("dock.html", "<html><table><tr><td>1</td></tr></table></html>");
  expect(told(await run()).errors[0]).toContain("it holds no table of readings as exports of HydroVu do");
});

// ---- Real measurements ----

describeShared("exports of a real harbour", "noyo", () => {
  test("eleven exports in local time, which overlap, through one inbox: each time once", async () => {
    const files = shared("noyo/history/*.csv");
    const {pond, run} = await harbour({
      files,
      into: "/fieldstation",
      timeZone: "America/Los_Angeles",
      scope: ["Location"]
    });
    const {errors, read, stored} = told(await run());
    expect(errors).toEqual([]);
    expect(read).toBe(137_337);
    const found = await readings(pond, "/fieldstation");
    expect(new Set(found.map(({time}) => time)).size).toBe(found.length);
    expect(found.length).toBe(8575);
    const at = found.find(({time}) => time === "2024-10-01T21:00:00.000Z");
    expect(at!["FS-Surface.Temperature-sensor"]).toBe(14.3329);
    const versions = await (await pond.fs()).versions("/fieldstation");
    expect(versions.reduce((sum, {rows}) => sum + rows!, 0)).toBe(stored);
    const duck = pond.duck;
    const [plain] = await duck.rows(
      `SELECT count(DISTINCT (Timestamp, Location, Parameter)) AS n FROM read_csv('${files}') WHERE Value IS NOT NULL`
    );
    const values = found.flatMap(({time: _, ...values}) => Object.values(values).filter((value) => value !== null));
    expect(values.length).toBe(Number(plain!.n)); // no hour of these stands twice, so each time on the wall is one instant
    expect((await run()).commits).toEqual([]);
  });

  test("an export that overlaps stores what it adds or restates, and nothing else", async () => {
    const {pond, put, run} = await harbour({into: "/surface", timeZone: "America/Los_Angeles"});
    const texts = await Promise.all(
      ["aug8", "oct1"].map((name) => readFile(shared(`noyo/history/fieldstation-surface-${name}-2024.csv`), "utf8"))
    );
    const valuesOf = (text: string) =>
      new Map(
        text
          .split("\n")
          .slice(1)
          .map((line) => line.split(","))
          .filter((cells) => cells.length === 6 && cells[4] !== "")
          .map((cells) => [`${cells[2]} ${cells[3]}`, Number(cells[4])])
      );
    const [before, after] = texts.map(valuesOf) as [Map<string, number>, Map<string, number>];
    const news = [...after].filter(([key, value]) => before.get(key) !== value);
    await put("1.csv", texts[0]!);
    await run();
    await put("2.csv", texts[1]!);
    const {stored} = told(await run());
    expect(stored).toBe(new Set(news.map(([key]) => key.slice(-16))).size);
    const newest = (await (await pond.fs()).versions("/surface")).at(-1)!;
    expect(newest.rows).toBe(stored);
  });

  test("web exports: 815 and 6,542 hours, one export that is empty, Depth in feet", async () => {
    const {pond, run} = await harbour({
      files: shared("noyo/htm/HydroVu_FB-{Bottom,VuLink}-*_Export.htm"),
      into: "/htm/$0"
    });
    const {errors, notes, read, stored} = told(await run());
    expect({errors, read, stored}).toEqual({errors: [], read: 7357, stored: 7357});
    expect(notes[0]).toContain("it has a header and no rows");
    const depth = (await attributesOf(pond, "/htm/Bottom")).find(({parameter}) => parameter === "Depth");
    expect(depth).toEqual({name: "Depth.ft", instrument: "Bottom", parameter: "Depth", unit: "ft"});
  });

  test("OTLP metrics of two scopes that report at different instants", async () => {
    const {pond, run} = await harbour({files: shared("otel/*.jsonl"), into: "/otel/$0"});
    expect(told(await run(Date.parse("2026-06-01T00:00Z")))).toMatchObject({read: 2402, stored: 200, errors: []});
    const [row] = await readings(pond, "/otel/septic-200");
    expect(row).toMatchObject({"septicstation_temperature.C": 12.71, septicstation_humidity: 65.9931640625});
  });
});

test("what is written in between is gone after a run", async () => {
  const {root, put, run} = await harbour();
  await put("dock.csv", "time,DO\n2026-01-01,1\n");
  await put("bad.csv", "no time\n1\n");
  await run();
  const {readdir} = await import("node:fs/promises");
  expect(await readdir(join(root, "pond/cache/inbox"))).toEqual(["files.json"]);
});

test.each([
  ["a small file", 1],
  ["a large one, which is stored as it comes", 100_000]
])("columns of one name, and of none, are told apart and said: %s", async (_, rows) => {
  const {pond, named, put, run} = await harbour();
  const line = (row: number) => `${new Date(Date.UTC(2025, 0, 1) + row * 60_000).toISOString()},1,2,3,4,5`;
  const lines = Array.from({length: rows}, (_, row) => line(row)).join("\n");
  await put("dock.csv", `time,T (C),t (C),T_1 (C),,Depth_2\n${lines}\n`);
  const file = named("dock.csv");
  expect(told(await run()).notes).toEqual([
    `${file}: column 3 is called "t (C)" as one before it, and is t_2.C.`,
    `${file}: column 5 has no name and is column4.`
  ]);
  const [first] = await readings(pond, "/in/dock");
  expect(first).toEqual({time: "2025-01-01T00:00:00.000Z", "T.C": 1, "t_2.C": 2, "T_1.C": 3, column4: 4, Depth_2: 5});
  const columns = await (await (await pond.fs()).series("/in/dock")).columns();
  expect(columns[1]!.attributes).toMatchObject({parameter: "t_2", unit: "C"});
});

test("a column without a name and without values is not there", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", "time,T,\n2025-01-01,1,\n2025-01-02,2,\n");
  expect(told(await run()).notes).toEqual([]);
  expect(Object.keys((await readings(pond, "/in/dock"))[0]!)).toEqual(["time", "T"]);
});

test("the serial number that In-Situ's headers end with is the instrument's, and the brackets before it the unit", async () => {
  const {pond, put, run} = await harbour();
  const header =
    "Date Time,Temperature (°C) (738549),pH (738549),Salinity (PSU) (738549),Baro (mm Hg) (1090675),Depth (m)";
  await put("one.csv", `${header}\n2025-01-01,1,2,3,4,5\n`);
  await put("two.csv", "Date Time,Temperature (°C) (738549),Temperature (°C) (738550),pH (738550)\n2025-01-01,1,2,3\n");
  expect(told(await run())).toMatchObject({errors: [], notes: []});
  const columns = async (path: string) => (await (await pond.fs()).series(path)).columns();
  expect((await columns("/in/one")).map(({name, attributes}) => [name, attributes])).toEqual([
    ["Temperature.°C", {instrument: "738549", parameter: "Temperature", unit: "°C"}],
    ["pH", {instrument: "738549", parameter: "pH"}],
    ["Salinity.PSU", {instrument: "738549", parameter: "Salinity", unit: "PSU"}],
    ["Baro.mm Hg", {instrument: "1090675", parameter: "Baro", unit: "mm Hg"}],
    ["Depth.m", {instrument: "one", parameter: "Depth", unit: "m"}]
  ]);
  expect((await columns("/in/two")).map(({name, attributes}) => [name, attributes.instrument])).toEqual([
    ["738549.Temperature.°C", "738549"],
    ["738550.Temperature.°C", "738550"],
    ["pH", "738550"]
  ]);
});

test("so are the logger's and sensor's numbers in Onset's headers, and the label of a channel", async () => {
  const {pond, put, run} = await harbour();
  const of = (sensor: number, more = "") => `(LGR S/N: 10161226, SEN S/N: ${sensor}${more})`;
  const headers = [
    ...["#", "Date Time, GMT-08:00", `Temp, °C ${of(10161227)}`, `Temp, °C ${of(10161228, ", LBL: Inlet")}`],
    ...[`DO conc, mg/L ${of(10161229)}`, "Batt, V (LGR S/N: 10161226)", "Coupler Detached (LGR S/N: 10161226)"]
  ];
  await put("one.csv", `${headers.map((header) => `"${header}"`).join(",")}\n1,03/14/24 01:00:00 PM,1,2,3,4,\n`);
  expect(told(await run())).toMatchObject({stored: 1, errors: []});
  const columns = await (await (await pond.fs()).series("/in/one")).columns();
  expect(columns.slice(1).map(({name, attributes}) => [name, attributes])).toEqual([
    ["10161227.Temp.°C", {instrument: "10161227", parameter: "Temp", unit: "°C"}],
    ["10161228 Inlet.Temp.°C", {instrument: "10161228 Inlet", parameter: "Temp", unit: "°C"}],
    ["DO conc.mg/L", {instrument: "10161229", parameter: "DO conc", unit: "mg/L"}],
    ["Batt.V", {instrument: "10161226", parameter: "Batt", unit: "V"}]
  ]);
});

const objects = (lines: readonly object[]) => `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;

test("objects in objects, numbers of any size, and keys that come later and go", async () => {
  const {pond, put, run} = await harbour({files: "data/*.jsonl"});
  await put(
    "dock.jsonl",
    objects([
      {time: 1735689600000000000, a: 1, in: {"T.C": 1, 'odd " name': {x: 2}}, late: null, Depth_1: 4},
      {time: 1735689660000000000, a: 2.5, in: {"T.C": null, flag: true}, late: 3}
    ])
  );
  expect(told(await run()).notes.map((note) => note.replace(/^.*?: /, ""))).toEqual([
    'column "in.flag" left out (it holds text).'
  ]);
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2025-01-01T00:00:00.000Z", a: 1, "in.T.C": 1, 'in.odd " name.x': 2, late: null, Depth_1: 4},
    {time: "2025-01-01T00:01:00.000Z", a: 2.5, "in.T.C": null, 'in.odd " name.x': null, late: 3, Depth_1: null}
  ]);
});

test("of what is an object in one row and a number in another, both are read", async () => {
  const {pond, named, put, run} = await harbour({files: "data/*.jsonl"});
  const rows = [1, 2, 3].map((day) => ({time: `2025-01-0${day}`, b: day < 3 ? day : {c: 7}}));
  await put("dock.jsonl", objects(rows));
  expect(told(await run()).notes).toEqual([
    `${named("dock.jsonl")}: column "b" has text in 1 row, such as "{\\"c\\":7}", taken as missing.`
  ]);
  expect((await readings(pond, "/in/dock")).map((row) => [row.b, row["b.c"]])).toEqual([
    [1, null],
    [2, null],
    [null, 7]
  ]);
});

test.each([
  ["twice in one object", '{"time":"2025-01-01","a":1,"a":2}\n', 'it has an object with "a" twice'],
  [
    "twice, among rows that differ",
    '{"time":"2025-01-01","b":{},"a":1,"a":2}\n{"time":"2025-01-02","b":1}\n',
    '"a" twice'
  ],
  ["by case alone", '{"time":"2025-01-01","a":1,"A":2}\n', 'its columns "a" and "A" are both A']
])("a key that stands %s is refused", async (_, text, reason) => {
  const {put, run} = await harbour({files: "data/*.jsonl"});
  await put("dock.jsonl", text);
  const {errors, stored} = told(await run());
  expect([stored, errors.length]).toEqual([0, 1]);
  expect(errors[0]).toContain(reason);
});

test("of a column of which most is said to be missing, the rest is read", async () => {
  const {pond, named, put, run} = await harbour();
  await put("dock.csv", "time,T,U\n2025-01-01,NA,NA\n2025-01-02,-,n/a\n2025-01-03,#N/A,\n2025-01-04,1.5,\n");
  expect(told(await run()).notes).toEqual([
    `${named("dock.csv")}: column "T" has text in 3 rows, such as "NA", taken as missing.`,
    `${named("dock.csv")}: column "U" left out (it holds text).`
  ]);
  expect((await readings(pond, "/in/dock")).map(({T}) => T)).toEqual([1.5]);
});

test("blanks around times and names say nothing, wherever they begin", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", " time , T (C) \n 2025-01-01 , 1 \n 2025-01-02T10:00Z , 2 \n");
  const rows = Array.from({length: 30_000}, (_, i) => `${new Date(1.7e12 + i * 60_000).toISOString()},${i}`);
  await put("late.csv", `time,T\n${rows.join("\n")}\n 2025-01-01T00:00:00Z ,7\n`);
  expect(told(await run())).toMatchObject({errors: [], stored: 30_003});
  expect((await readings(pond, "/in/dock")).map(({time}) => time)).toEqual([
    "2025-01-01T00:00:00.000Z",
    "2025-01-02T10:00:00.000Z"
  ]);
});

test.each([
  ["dock.csv", "time,T,U,Station\n2025-01-01,1.5,fault,a\n2025-01-02,-9999,-9999.0,b\n2025-01-03,2.5,7,c\n"],
  [
    "dock.jsonl",
    objects([
      {time: "2025-01-01", T: 1.5, U: "fault"},
      {time: "2025-01-02", T: -9999, U: -9999},
      {time: "2025-01-03", T: 2.5, U: 7}
    ])
  ],
  [
    "long.csv",
    "time,parameter,unit,value\n2025-01-01,T,-9999,1.5\n2025-01-01,U,,fault\n2025-01-02,T,-9999,-9999\n2025-01-03,T,-9999,2.5\n2025-01-03,U,,7\n"
  ]
])("what stands for no reading is none: %s", async (name, text) => {
  const {pond, put, run} = await harbour({into: "/in/dock", missing: [-9999, "fault"]});
  await put(name, text);
  expect(told(await run()).errors).toEqual([]);
  const values = (await readings(pond, "/in/dock")).map((row) => [row.T ?? row["T.-9999"], row.U]);
  expect(values).toEqual([
    [1.5, null],
    [2.5, 7]
  ]);
});

test.each<[string, string, object?]>([
  ["decimal commas", "time;T\n2025-01-01;1,5\n2025-01-02;ND\n2025-01-03;-9999,00\n2025-01-04;-9,999\n"],
  ["commas between thousands", 'time,T\n2025-01-01,1.5\n2025-01-02,ND\n2025-01-03,"-9,999.00"\n2025-01-04,-9.999\n'],
  [
    "the long form",
    "time;parameter;value\n2025-01-01;T;1,5\n2025-01-02;T;ND\n2025-01-03;T;-9999,00\n2025-01-04;T;-9,999\n"
  ],
  [
    "the names of places beside",
    "time;place;T\n2025-01-01;;1,5\n2025-01-02;;ND\n2025-01-03;;-9999,00\n2025-01-04;;-9,999\n",
    {scope: ["place"]}
  ]
])("a number that stands for no reading is none however its column writes it: with %s", async (_, text, spec = {}) => {
  const {pond, put, run} = await harbour({into: "/in/dock", missing: [-9999], ...spec});
  await put("dock.csv", text);
  const {notes, errors} = told(await run());
  expect([notes.map((note) => /in (1 row, such as "ND")/.exec(note)?.[1]), errors]).toEqual([
    ['1 row, such as "ND"'],
    []
  ]);
  expect((await readings(pond, "/in/dock")).map(({T}) => T)).toEqual([1.5, -9.999]);
});

test("a large file of numbers in which some stand for none is stored as it comes", async () => {
  const {pond, put, run} = await harbour({into: "/in/dock", missing: [-9999, ""]});
  const rows = Array.from(
    {length: 60_000},
    (_, i) => `${new Date(1.7e12 + i * 60_000).toISOString()},${i % 2 ? i - 1 : -9999},1` // a zero is one
  );
  await put("dock.csv", `time,T,U\n${rows.join("\n")}\n`);
  expect(told(await run())).toMatchObject({stored: 60_000, notes: []});
  expect((await readings(pond, "/in/dock")).filter(({T}) => T === null)).toHaveLength(30_000);
});

test.each([
  ["dock.csv", "time,parameter,unit,value\n2025-01-01,00060,,1\n2025-01-01,00065,,2\n"],
  ["dock.jsonl", objects([60, 65].map((parameter) => ({time: "2025-01-01", parameter, value: parameter / 5 - 11})))],
  ["dock.parquet", ""]
])("parameters that are called by numbers: %s", async (name, text) => {
  const {pond, at, put, run} = await harbour({into: "/in/dock"});
  if (text !== "") await put(name, text);
  else
    await pond.duck.copy(
      "SELECT TIMESTAMP '2025-01-01' AS time, p AS parameter, p / 5 - 11 AS value FROM (VALUES (60), (65)) AS t(p)",
      at(name)
    );
  expect(told(await run())).toMatchObject({errors: [], stored: 1});
  const zeros = name === "dock.csv" ? "000" : "";
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2025-01-01T00:00:00.000Z", [`${zeros}60`]: 1, [`${zeros}65`]: 2}
  ]);
});

test("a first line that tells a spreadsheet what stands between values is no header", async () => {
  const {pond, put, run} = await harbour({into: "/in/dock"});
  await put("dock.csv", "\ufeffsep=;\r\ntime;T (C)\r\n2025-01-01;1,5\r\n2025-01-02;2,5\r\n");
  expect(told(await run())).toMatchObject({errors: [], notes: [], stored: 2});
  expect((await readings(pond, "/in/dock")).map((row) => row["T.C"])).toEqual([1.5, 2.5]);
});
