import {expect, test} from "vitest";
import {clockOf} from "../../loaders/time/clock.js";
import {offsetAt, transitionsOf} from "../../loaders/time/transition.js";
import {harbour, quiet, readings, told} from "./inbox.js";
import {openDuck} from "./memory.js";

/** How times are written, and what clocks on walls meant. */

async function timesOf(content: string, spec: object = {}, note?: string): Promise<string[]> {
  const {pond, put, run, named} = await harbour(spec);
  await put("dock.csv", content);
  const {errors, notes} = told(await run());
  expect(errors).toEqual([]);
  expect(notes).toEqual(note === undefined ? [] : [`${named("dock.csv")}: ${note}.`]);
  return (await readings(pond, "/in/dock")).map(
    ({time, DO}) => `${String(time).slice(5, 16).replace("T", " ")} ${String(DO)}`
  );
}

async function reasonOf(content: string, spec: object = {}): Promise<string> {
  const {put, run, named} = await harbour(spec);
  await put("dock.csv", content);
  const [error] = told(await run()).errors;
  return error!.replace(`${named("dock.csv")} was skipped: `, "").replace("; mend it or take it away.", "");
}

function csv(...times: readonly string[]): string {
  return `time,DO\n${times.map((time, index) => `"${time}",${index + 1}\n`).join("")}`;
}

test.each<[string, string, object?]>([
  ["2024-03-01 12:30", "2024-03-01 12:30"],
  ["2024-03-01T12:30:00Z", "2024-03-01T12:30:00Z"],
  ["no seconds before the offset", "2024-03-01T12:30Z"],
  ["an offset without a colon", "2024-03-01 14:30:00+0200"],
  ["a blank before the offset", "2024-03-01 14:30 +02:00"],
  ["an offset of hours", "2024-03-01 04:30:00-08"],
  ["UTC in words", "2024-03-01 12:30:00 UTC"],
  ["a fraction behind a comma", "2024-03-01 12:30:00,000"],
  ["slashes, the year first", "2024/03/01 12:30"],
  ["dots", "01.03.2024 12:30"],
  ["a day above 12 behind", "03/13/2024 12:30"],
  ["a day above 12 before", "13/03/2024 12:30"],
  ["two figures of the year, and a half day", "03-13-24 12:30 PM"],
  ["months in words", "01 Mar 2024 12:30:00"],
  ["months in words, and two figures of the year", "01-Mar-24 12:30"],
  ["the same with blanks", "1 MAR 24 12:30"],
  ["the same, months first", "Mar 1, 24 12:30 PM"],
  ["a day of the week", "Fri, 1 March 2024 12:30"],
  ["seven decimals of a second", "2024-03-01 12:30:00.0000001"],
  ["the same, days first", "13/03/2024 12:30:00.0000001"],
  ["the same in a format", "01/03/2024 12:30:00.0000001", {timeFormat: "%d/%m/%Y %H:%M:%S.%f"}],
  ["seconds", "1709296200"],
  ["milliseconds", "1709296200000"],
  ["microseconds", "1709296200000000"],
  ["nanoseconds", "1709296200000000000"],
  ["a format", "2024-061 12h30", {timeFormat: "%Y-%j %Hh%M"}],
  [
    "a format that ends with UTC's letter",
    "2024.03.01T12:30Z",
    {timeFormat: "%Y.%m.%dT%H:%MZ", timeZone: "Asia/Tokyo"}
  ],
  ["ISO 8601 without marks, in local time", "20240301T213000", {timeZone: "Asia/Tokyo"}],
  ["ISO 8601 without marks", "20240301T123000Z"],
  ["ISO 8601 without marks and seconds, and an offset", "20240301T1430+0200"],
  ["ISO 8601 without marks, to the millisecond", "20240301T123000.000Z"],
  ["a format with an offset", "01|03|2024 14:30 +0200", {timeFormat: "%d|%m|%Y %H:%M %z"}],
  ["a unit", "1709296200", {timeFormat: "s"}],
  ["figures alone that are a date", "20240301", {timeFormat: "%Y%m%d"}]
])("a time with %s", async (_, time, spec) => {
  const [found] = await timesOf(csv(time), spec);
  const day = /13[-/]03|03[-/]13/.test(time) ? "13" : "01";
  expect(found).toBe(`03-${day} ${time === "20240301" ? "00:00" : "12:30"} 1`);
});

test.each([
  ["Date Time, GMT-08:00", "03-01 20:00 1"],
  ["Date Time, GMT+05:30", "03-01 06:30 1"],
  ["Date Time (UTC)", "03-01 12:00 1"],
  ["DateTimeUTC", "03-01 12:00 1"],
  ["timeUTC", "03-01 12:00 1"],
  ["TIMESTAMPGMT", "03-01 12:00 1"],
  ["UTC Time", "03-01 12:00 1"],
  ["timeUTC+02:00", "03-01 10:00 1"],
  ["timestamp_utc", "03-01 12:00 1"],
  ["Time UTC+2", "03-01 10:00 1"],
  ["Date Time", "03-01 03:00 1"]
])("a header %s counts before the zone of the resource", async (header, expected) => {
  const zone = {timeZone: "Asia/Tokyo", files: "data/*", into: "/in/dock"};
  expect(await timesOf(`"${header}",DO\n2024-03-01 12:00,1\n`, zone)).toEqual([expected]);
  const {pond, at, run} = await harbour(zone);
  const name = header.replaceAll('"', '""');
  await pond.duck.copy(`SELECT TIMESTAMP '2024-03-01 12:00' AS "${name}", 1.0::DOUBLE AS "DO"`, at("dock.parquet"));
  await run();
  const [first] = await readings(pond, "/in/dock");
  expect(first!.time).toBe(`2024-${expected.slice(0, 5)}T${expected.slice(6, 11)}:00.000Z`);
});

test("years of two figures and of four may stand in one file, after names of months and after numbers", async () => {
  expect(await timesOf(csv("01-Mar-2024 12:30", "02-Mar-24 12:30"))).toEqual(["03-01 12:30 1", "03-02 12:30 2"]);
  expect(await timesOf(csv("13/03/2024 12:30", "14/03/24 12:30"))).toEqual(["03-13 12:30 1", "03-14 12:30 2"]);
});

test.each<[string, string?]>([
  ["2024-12-31 24:00"],
  ["31/12/2024 24:00"],
  ["12/31/2024 24:00:00"],
  ["31.12.2024 24:00"],
  ["31 Dec 2024 24:00"],
  ["20241231T2400"],
  ["31/12/2024 2400", "%d/%m/%Y %H%M"],
  ["31/12/2024 24", "%d/%m/%Y %H"]
])("24 o'clock is the midnight that ends the day: %s", async (time, timeFormat) => {
  expect(await timesOf(csv(time), {timeZone: "Asia/Tokyo", ...(timeFormat ? {timeFormat} : {})})).toEqual([
    "12-31 15:00 1"
  ]);
});

test("nor is there a minute behind it", async () => {
  expect(await reasonOf(csv("31/12/2024 24:01"))).toContain("which is no time");
});

test.each([
  ["Local Time,UTC Time", "2024-03-01 04:30,2024-03-01 12:30"],
  ["Time,Time UTC", "2024-03-01 04:30,2024-03-01 12:30"],
  ["Timestamp,timestamp_utc", "13/03/2024 04:30,13/03/2024 12:30"],
  ["Local Date,Local Time,UTC Date,UTC Time", "2024-03-01,04:30,2024-03-01,12:30"]
])("of two clocks of one name, that whose header tells its offset counts: %s", async (header, row) => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", `${header},DO\n${row},1\n`);
  expect(told(await run())).toMatchObject({stored: 1, errors: []});
  expect(String((await readings(pond, "/in/dock"))[0]!.time).slice(11, 16)).toBe("12:30");
});

test("a time of something else does not, whatever its header tells, nor a date without a time of the day", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", "Time,Received UTC,DO\n2024-03-01 12:30,2024-03-01 20:30,1\n");
  await put("pier.csv", "Date,Time,Date UTC,DO\n2024-03-01,12:30,2024-03-01,1\n");
  expect(told(await run())).toMatchObject({stored: 2, errors: []});
  for (const series of ["/in/dock", "/in/pier"])
    expect((await readings(pond, series))[0]).toEqual({time: "2024-03-01T12:30:00.000Z", DO: 1});
});

test("nanoseconds are cut to microseconds, each by itself", async () => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", "time,DO\n1709296200123456789,1\n1709296200123457001,2\n");
  await run();
  const [first] = await pond.duck.rows(
    `SELECT list(epoch_us(timestamp)::VARCHAR ORDER BY timestamp) AS t FROM ${await (await (await pond.fs()).series("/in/dock")).relation()}`
  );
  expect(first!.t).toEqual(["1709296200123456", "1709296200123457"]);
});

test("a date that can be read two ways is refused with both, until the file or the resource tells", async () => {
  const text = csv("03/04/2024 12:00", "04/04/2024 12:00");
  expect(await reasonOf(text)).toBe(
    'its column "time" holds "03/04/2024 12:00" in row 1, which is 3 April 2024 (day first) or 4 March 2024 (month first); ' +
      'set timeFormat to "%d/%m/%Y %H:%M" or "%m/%d/%Y %H:%M"'
  );
  expect(await timesOf(text, {timeFormat: "%m/%d/%Y %H:%M"})).toEqual(["03-04 12:00 1", "04-04 12:00 2"]);
  expect(await timesOf(csv("03/04/2024 12:00", "13/04/2024 12:00"))).toEqual(["04-03 12:00 1", "04-13 12:00 2"]);
  const two = (number: number) => String(number).padStart(2, "0");
  const years = Array.from({length: 30_000}, (_, i) => {
    const [day, month, minute] = [1 + (i % 12), 1 + (Math.floor(i / 12) % 12), Math.floor(i / 144)];
    return `${two(day)}/${two(month)}/2024 ${two(1 + Math.floor(minute / 60))}:${two(minute % 60)}`;
  });
  expect((await timesOf(csv("03/04/2024 00:00", ...years, "25/12/2024 00:00"))).at(-1)).toBe("12-25 00:00 30002");
});

test("two figures of a year may begin a date: it is refused with all its readings, unless one alone is possible", async () => {
  const years = csv("24/10/13 12:00", "24/10/14 13:00");
  expect(await reasonOf(years)).toBe(
    'its column "time" holds "24/10/13 12:00" in row 1, which is 24 October 2013 (day first) or 13 October 2024 (year first); ' +
      'set timeFormat to "%d/%m/%y %H:%M" or "%y/%m/%d %H:%M"'
  );
  expect(await reasonOf(csv("05.10.24"))).toContain("5 October 2024 (day first) or 24 October 2005 (year first)");
  expect(await reasonOf(csv("05-10-24"))).toMatch(
    /which is 5 October 2024 \(day first\), 10 May 2024 \(month first\) or 24 October 2005 \(year first\); set timeFormat to "%d-%m-%y", "%m-%d-%y" or "%y-%m-%d"$/
  );
  expect(await reasonOf(csv("31/12/24", "12/31/24"))).toBe(
    'its column "time" holds dates that no order of day, month and year fits, such as "31/12/24"'
  );
  expect(await timesOf(years, {timeFormat: "%y/%m/%d %H:%M"})).toEqual(["10-13 12:00 1", "10-14 13:00 2"]);
});

test.each<[string, string[], string[]]>([
  ["a day behind the second number", ["10/13/24", "10/09/24"], ["2024-10-09 2", "2024-10-13 1"]],
  ["a number above 31", ["32/12/24", "10/12/24"], ["2010-12-24 2"]],
  ["a day that would be 0, of a clock that was not set,", ["24/10/13", "00/01/01"], ["2000-01-01 2", "2024-10-13 1"]],
  ["the same behind", ["13/10/24", "01/01/00"], ["2000-01-01 2", "2024-10-13 1"]]
])("which of its readings is possible %s tells", async (_, times, expected) => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", csv(...times));
  expect(told(await run()).errors).toEqual([]);
  expect((await readings(pond, "/in/dock")).map(({time, DO}) => `${String(time).slice(0, 10)} ${String(DO)}`)).toEqual(
    expected
  );
});

test.each([
  [{monthFirst: false}, "2013-10-24"],
  [{yearFirst: true}, "2024-10-13"],
  [{monthFirst: true}, undefined]
] as const)("what the beginning of a file told, %j, holds where it may", async (settled, expected) => {
  const duck = await openDuck();
  const from = "(SELECT '24/10/13' AS c0)";
  const found = clockOf(
    duck,
    {from, fields: [{header: "time", type: "VARCHAR", sql: "c0"}]},
    {timeZone: "UTC", settled}
  );
  if (expected === undefined) return expect(found).rejects.toThrow("24 October 2013 (day first) or");
  const {sql, told} = await found;
  const [row] = await duck.rows(`SELECT CAST(${sql} AS DATE)::VARCHAR AS day FROM ${from}`);
  expect([row!.day, told]).toEqual([expected, {...settled, taken: {time: "time"}}]);
});

test("a file that begins with years of two figures goes on so, though nothing in what it grew by tells", async () => {
  const {pond, put, run} = await harbour();
  const begin = "time,DO\n00/01/01,1\n24/10/13,2\n";
  await put("dock.csv", begin);
  await run();
  await put("dock.csv", `${begin}24/10/14,3\n`);
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
  expect((await readings(pond, "/in/dock")).at(-1)).toEqual({time: "2024-10-14T00:00:00.000Z", DO: 3});
});

test("figures that are a date or a number since 1970 are refused with both", async () => {
  expect(await reasonOf(csv("20240301", "20240302"))).toBe(
    'its column "time" holds 20240301 in row 1, which is 2024-03-01 (written together) or ' +
      '1970-08-23T06:18:21.000Z (s since 1970); set timeFormat to "%Y%m%d" or "s"'
  );
});

test.each([
  [csv("13/03/2024", "03/13/2024"), 'holds days both before and behind months, such as "13/03/2024"'],
  [
    csv("2024-03-01", "01/03/2024"),
    'holds "2024-03-01" in row 1 and "01/03/2024" in row 2, which are times written in two ways'
  ],
  [
    csv("2024-03-01", "2024-02-30"),
    'holds "2024-02-30" in row 2, which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z'
  ]
])("times that contradict one another, or the calendar, are named", async (text, reason) => {
  expect(await reasonOf(text)).toBe(`its column "time" ${reason}`);
});

test("an offset that comes late, below many times without, is not overlooked", async () => {
  const local = Array.from({length: 25_000}, (_, i) => new Date(1.7e12 + i * 60_000).toISOString().slice(0, 16));
  const spec = {timeZone: "Asia/Kathmandu"};
  const found = await timesOf(
    csv(...local, "2024-03-01T12:30:00+02:00", "2024-03-01T12:30:00.5Z", "2024-03-01 12:30"),
    spec
  );
  expect(found.slice(-3)).toEqual(["03-01 06:45 25003", "03-01 10:30 25001", "03-01 12:30 25002"]);
  expect(found[0]).toBe("11-14 16:28 1"); // 22:13 in Kathmandu
});

// ---- A date, and the time of the day beside it ----

const apart = (header: string, ...rows: readonly string[]) =>
  `${header},DO\n${rows.map((row, index) => `${row},${index + 1}\n`).join("")}`;

test.each<[string, string, object?]>([
  ["four figures", apart("Date,Time", "2024-10-13,0930", "2024-10-14,1015")],
  ["three figures or four, and minutes alone after midnight", apart("Date,Time", "2024-10-13,930", "2024-10-14,1015")],
  ["six figures", apart("Date,Time", "2024-10-13,093000", "2024-10-14,101500")],
  ["figures under a header that says so", apart("Date,HHMM", "2024-10-13,0930", "2024-10-14,1015")],
  ["figures under a header with a zone", apart("Date,Time (UTC)", "2024-10-13,0930", "2024-10-14,1015")],
  ["figures under a header of words", apart("Date,Sample Time", "2024-10-13,0930", "2024-10-14,1015")],
  ["a letter", apart("Date,Time", "2024-10-13,9h30", "2024-10-14,10h15")],
  ["days first", apart("Date,Time", "13/10/2024,0930", "14/10/2024,1015")],
  ["dates without marks", apart("Date,Time", "20241013,09:30", "20241014,10:15")],
  ["dates with a midnight of their own", apart("Date,Time", "2024-10-13 00:00:00,09:30", "2024-10-14 00:00:00,10:15")],
  ["another name of the date", apart("Day,Time", "2024-10-13,0930", "2024-10-14,1015")],
  ["the time first", apart("Time,Date", "0930,2024-10-13", "1015,2024-10-14")],
  [
    "lines of the header's own",
    apart("Date,Time", "ymd,hm", "2024-10-13,0930", "2024-10-14,1015").replace("hm,1", "hm,mg/L")
  ],
  ["the format of both", apart("Date,Time", "2024-10-13,9.30", "2024-10-14,10.15"), {timeFormat: "%Y-%m-%d %H.%M"}],
  [
    "the format of both, of figures",
    apart("Date,Time", "13.10.24,0930", "14.10.24,1015"),
    {timeFormat: "%d.%m.%y %H%M"}
  ],
  ["the column of dates named", apart("When,Time", "13/10/2024,0930", "14/10/2024,1015"), {time: "When"}],
  [
    "a full time beside the date",
    apart("Date,Timestamp", "2024-10-13,2024-10-13 09:30", "2024-10-14,2024-10-14 10:15")
  ],
  ["the same days first", apart("Date,DateTime", "13/10/2024,13/10/2024 09:30", "14/10/2024,14/10/2024 10:15")],
  [
    "the same with a midnight",
    apart("Date,Timestamp", "2024-10-13 00:00,2024-10-13 09:30", "2024-10-14 00:00,2024-10-14 10:15")
  ]
])("the time of the day in a column of its own: %s", async (_, text, spec) => {
  const {pond, put, run} = await harbour(spec);
  await put("dock.csv", text);
  expect(told(await run())).toMatchObject({stored: 2, errors: []});
  const found = await readings(pond, "/in/dock");
  expect(found.map(({time}) => time)).toEqual(["2024-10-13T09:30:00.000Z", "2024-10-14T10:15:00.000Z"]);
  expect(Object.keys(found[0]!)).toEqual(["time", "DO"]);
});

test.each<[string, string[], string[]]>([
  ["Hour", ["0", "9", "24"], ["13 00:00", "13 09:00", "14 00:00"]],
  ["Hour (PST)", ["0100", "0900", "2400"], ["13 09:00", "13 17:00", "14 08:00"]],
  ["Time", ["0", "45", "100"], ["13 00:00", "13 00:45", "13 01:00"]],
  ["HHMM", ["5", "10"], ["13 00:05", "13 00:10"]],
  ["Time", ["24:00", "9:30"], ["13 09:30", "14 00:00"]]
])("hours, and minutes after midnight, under %s: %j", async (header, times, expected) => {
  for (const date of ["2024-12-13", "13/12/2024", "13-Dec-24"]) {
    const {pond, put, run} = await harbour(header.includes("PST") ? pacificWinter : {});
    await put("dock.csv", apart(`Date,${header}`, ...times.map((time) => `${date},${time}`)));
    expect(told(await run())).toMatchObject({stored: times.length, errors: []});
    const found = (await readings(pond, "/in/dock")).map(({time}) => String(time).slice(8, 16).replace("T", " "));
    expect(found).toEqual(expected);
  }
});

const pacificWinter = {timeZone: "America/Los_Angeles"};

test("a date without a time of the day beside others that have one has no time", async () => {
  expect(
    await timesOf(
      apart("Date,Time", "2024-10-13,09:30", "2024-10-13,", "2024-10-14,10:15"),
      {},
      "1 row without a time left out"
    )
  ).toEqual(["10-13 09:30 1", "10-14 10:15 3"]);
  const {named, put, run} = await harbour();
  await put("dock.csv", apart("Date,Time", "2024-10-13,"));
  expect(told(await run())).toEqual({...quiet, notes: [`${named("dock.csv")}: 1 row without a time left out.`]});
});

const help =
  'set timeFormat to how both are written with a blank between, such as "%Y-%m-%d %H%M", or to that of the dates, which then count alone';
const noTime = "which is no time such as 2024-03-01 12:00 or 2024-03-01T12:00:00Z";

test.each<[string, string, string, object?]>([
  [
    "a point, which may stand before minutes or a fraction",
    apart("Date,Time", "2024-10-13,9.30"),
    `its columns "Date" and "Time" hold "2024-10-13 9.30" in row 1, ${noTime}; ${help}`
  ],
  [
    "hours or minutes",
    apart("Date,Time", "2024-10-13,9", "2024-10-13,10"),
    `its columns "Date" and "Time" hold "2024-10-13 9" in row 1, ${noTime}; ${help}`
  ],
  [
    "no minutes, below figures that are",
    apart("Date,Time", "2024-10-13,0930", "2024-10-13,0975"),
    `its columns "Date" and "Time" hold "2024-10-13 0975" in row 2, ${noTime}; ${help}`
  ],
  [
    "words",
    apart("Date,Time", "2024-10-13,09:30", "2024-10-13,noon"),
    `its columns "Date" and "Time" hold "2024-10-13 noon" in row 2, ${noTime}; ${help}`
  ],
  [
    "another format than is given",
    apart("Date,Time", "2024-10-13,0930"),
    `its columns "Date" and "Time" hold "2024-10-13 0930" in row 1, which is not as timeFormat has it, "%d/%m/%Y %H%M"; ${help}`,
    {timeFormat: "%d/%m/%Y %H%M"}
  ],
  [
    "another format than is given, in one column",
    csv("2024-10-13 09:30"),
    'its column "time" holds "2024-10-13 09:30" in row 1, which is not as timeFormat has it, "%d/%m/%Y %H:%M"',
    {timeFormat: "%d/%m/%Y %H:%M"}
  ],
  [
    "minutes in a third column",
    apart("Date,Hour,Minute", "2024-10-13,9,30"),
    'its columns "Hour" and "Minute" tell the time of the day together; write it into one, as in 09:30'
  ]
])("a time of the day that cannot be read is named, and no midnight made of it: %s", async (_, text, reason, spec) => {
  expect(await reasonOf(text, spec)).toBe(reason);
});

test("the same far below what can be read", async () => {
  const rows = Array.from({length: 25_000}, (_, i) => {
    const day = new Date(Date.UTC(2020, 0, 1) + i * 3600e3).toISOString();
    return `${day.slice(0, 10)},${day.slice(11, 13)}${day.slice(14, 16)}`;
  });
  expect((await timesOf(apart("Date,Time", ...rows))).at(-1)).toBe("11-07 15:00 25000");
  expect(await reasonOf(apart("Date,Time", ...rows, "2024-10-13,9.30"))).toContain(
    '"2024-10-13 9.30" in row 25001, which is no time'
  );
});

test.each([
  ["Time (s)", "12.5", {"Time.s": 12.5}],
  ["Time_min", "930", {Time_min: 930}],
  ["Response Time", "930", {"Response Time": 930}],
  ["Time to peak", "930", {"Time to peak": 930}]
])("dates alone are times, and %s beside them is a reading", async (header, value, expected) => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", apart(`Date,${header}`, `2024-10-13,${value}`));
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([{time: "2024-10-13T00:00:00.000Z", ...expected, DO: 1}]);
});

test("so it is with the format of the dates alone", async () => {
  const {pond, put, run} = await harbour({timeFormat: "%Y-%m-%d"});
  await put("dock.csv", apart("Date,Time", "2024-10-13,9.3"));
  expect(told(await run())).toEqual({...quiet, read: 1, stored: 1});
  expect(await readings(pond, "/in/dock")).toEqual([{time: "2024-10-13T00:00:00.000Z", Time: 9.3, DO: 1}]);
});

test("times of the day that are read in one way are read so in what the file grows by", async () => {
  const {pond, put, run} = await harbour();
  const begin = apart("Date,Time", "2024-10-13,2345", "2024-10-14,0");
  await put("dock.csv", begin);
  expect(told(await run())).toMatchObject({stored: 2, errors: []});
  await put("dock.csv", `${begin}2024-10-14,15,3\n`);
  expect(told(await run())).toMatchObject({read: 1, stored: 1, errors: []});
  await put("dock.csv", `${begin}2024-10-14,15,3\n2024-10-14,,4\n`);
  expect(told(await run())).toMatchObject({stored: 0, errors: []});
  expect((await readings(pond, "/in/dock")).map(({time, DO}) => [String(time).slice(11, 16), DO])).toEqual([
    ["23:45", 1],
    ["00:00", 2],
    ["00:15", 3]
  ]);
});

test("lines that leave out the time of the day when the file grows are not read as dates alone", async () => {
  const {named, put, run} = await harbour();
  const begin = '{"Date":"2024-10-13","Time":"0930","DO":1}\n';
  await put("dock.jsonl", begin);
  expect(told(await run())).toMatchObject({stored: 1, errors: []});
  await put("dock.jsonl", `${begin}{"Date":"2024-10-14","DO":2}\n`);
  expect(told(await run()).errors).toEqual([
    `${named("dock.jsonl")} was skipped: it has no column "Time" (it has Date, DO); mend it or take it away.`
  ]);
});

test.each([
  ["Time (s),Date Time", "13/10/2024 12:00", "Time.s"],
  ["Time,Recorded", "2024-10-13 12:00", "Time"],
  ["time_s,Logged", "13/10/2024 12:00", "time_s"]
])("a column of full times counts before one of elapsed seconds: %s", async (header, time, elapsed) => {
  const {pond, put, run} = await harbour();
  await put("dock.csv", apart(header, `0,${time}`, `60,${time.replace("12:00", "12:01")}`));
  expect(told(await run())).toEqual({...quiet, read: 2, stored: 2});
  expect(await readings(pond, "/in/dock")).toEqual([
    {time: "2024-10-13T12:00:00.000Z", [elapsed]: 0, DO: 1},
    {time: "2024-10-13T12:01:00.000Z", [elapsed]: 60, DO: 2}
  ]);
});

test.each([
  ["a day and a text", "DATE '2024-10-13' AS \"Date\", '0930' AS \"Time\""],
  ["a day and a number", 'DATE \'2024-10-13\' AS "Date", 930 AS "Time"'],
  ["a day and a time", "DATE '2024-10-13' AS \"Date\", TIME '09:30' AS \"Time\""],
  ["a midnight and a time", "TIMESTAMP '2024-10-13' AS \"Date\", TIME '09:30' AS \"Time\""],
  ["elapsed and full", '930.0::DOUBLE AS "Time (s)", TIMESTAMP \'2024-10-13 09:30\' AS "Logged"']
])("columns of Parquet that tell the time together: %s", async (_, columns) => {
  const {pond, at, run} = await harbour();
  await pond.duck.copy(`SELECT ${columns}, 1.0::DOUBLE AS "DO"`, at("dock.parquet"));
  expect(told(await run())).toMatchObject({stored: 1, errors: []});
  expect((await readings(pond, "/in/dock"))[0]).toMatchObject({time: "2024-10-13T09:30:00.000Z", DO: 1});
});

// ---- Clocks on walls ----

const pacific = {timeZone: "America/Los_Angeles"};

test("transitions are found to the second, also of half hours and of places that went over the date line", () => {
  const year = (zone: string, from: number) =>
    transitionsOf(zone, Date.UTC(from, 0), Date.UTC(from + 1, 0)).map(({at, before, after}) => [
      new Date(at).toISOString(),
      (after - before) / 60_000
    ]);
  expect(year("America/Los_Angeles", 2024)).toEqual([
    ["2024-03-10T10:00:00.000Z", 60],
    ["2024-11-03T09:00:00.000Z", -60]
  ]);
  expect(year("Australia/Lord_Howe", 2024)).toEqual([
    ["2024-04-06T15:00:00.000Z", -30],
    ["2024-10-05T15:30:00.000Z", 30]
  ]);
  expect(year("Pacific/Apia", 2011)).toContainEqual(["2011-12-30T10:00:00.000Z", 1440]);
  expect(offsetAt("Africa/Monrovia", Date.UTC(1971, 0)) / 1000).toBe(-2670);
});

test.each<[string, string[], string[], string?]>([
  [
    "in order",
    ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"],
    ["07:30 1", "08:00 2", "08:30 3", "09:00 4", "09:30 5", "10:00 6"]
  ],
  [
    "the last first",
    ["02:00", "01:30", "01:00", "01:30", "01:00", "00:30"],
    ["07:30 6", "08:00 5", "08:30 4", "09:00 3", "09:30 2", "10:00 1"]
  ],
  ["once an hour", ["00:00", "01:00", "01:00", "02:00"], ["07:00 1", "08:00 2", "09:00 3", "10:00 4"]],
  ["from within the second", ["01:30", "02:00", "02:30"], ["09:30 1", "10:00 2", "10:30 3"]],
  ["up to within the first", ["00:30", "01:00", "01:30"], ["07:30 1", "08:00 2", "08:30 3"]],
  [
    "one of both missing",
    ["00:00", "01:00", "02:00"],
    ["07:00 1", "08:00 2", "10:00 3"],
    "1 time of the hour from 2024-11-03 01:00, which came twice, taken for its first coming"
  ]
])("an hour that comes twice is told apart by the order of rows: %s", async (_, times, expected, note) => {
  const found = await timesOf(csv(...times.map((time) => `2024-11-03 ${time}`)), pacific, note);
  expect(found).toEqual(expected.map((time) => `11-03 ${time}`));
});

test("also of parameters that stand one below the other, in the long form", async () => {
  const {pond, put, run} = await harbour(pacific);
  const times = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"];
  const block = (name: string) => times.map((time, index) => `2024-11-03 ${time},${name},${index}\n`).join("");
  await put("dock.csv", `time,parameter,value\n${block("DO")}${block("pH")}`);
  expect(told(await run())).toEqual({...quiet, read: 12, stored: 6});
  expect((await readings(pond, "/in/dock")).map(({time, DO, pH}) => [String(time).slice(11, 16), DO, pH])).toEqual(
    ["07:30", "08:00", "08:30", "09:00", "09:30", "10:00"].map((time, index) => [time, index, index])
  );
});

test("also where a file that grows was read in between", async () => {
  const {pond, put, run} = await harbour(pacific);
  const times = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"].map((time) => `2024-11-03 ${time}`);
  for (let count = 1; count <= times.length; count++) {
    await put("dock.csv", csv(...times.slice(0, count)).replaceAll('"', ""));
    expect(told(await run()), `row ${count}`).toMatchObject({read: 1, stored: 1, errors: []});
  }
  const found = (await readings(pond, "/in/dock")).map(({time}) => String(time).slice(11, 16));
  expect(found).toEqual(["07:30", "08:00", "08:30", "09:00", "09:30", "10:00"]);
});

test("a time that did not exist is named", async () => {
  expect(await reasonOf(csv("2024-03-10 01:30", "2024-03-10 02:30"), pacific)).toBe(
    "its time 2024-03-10 02:30:00 in row 2 did not exist in America/Los_Angeles, where clocks went from 02:00 to 03:00; " +
      "give the zone that the instrument's clock keeps"
  );
  expect(await timesOf(csv("2024-03-10 01:30", "2024-03-10 03:00"), pacific)).toEqual([
    "03-10 09:30 1",
    "03-10 10:00 2"
  ]);
});

test.each([
  ["s", 1],
  ["ms", 1000],
  ["us", 1_000_000],
  ["ns", 1_000_000_000]
])("numbers of %s in Parquet are cut at the bounds exactly", async (_, perSecond) => {
  const {pond, at, run} = await harbour();
  const bound = BigInt(Date.parse("2026-01-11T00:00Z") / 1000) * BigInt(perSecond); // a day ahead of the clock
  const numbers = [1n * BigInt(perSecond), bound - 1n, bound, bound + BigInt(perSecond)];
  const rows = numbers.map((number, index) => `(${number}::BIGINT, ${index})`).join(", ");
  await pond.duck.copy(`SELECT * FROM (VALUES ${rows}) AS r("timestamp", "DO")`, at("dock.parquet"));
  expect(told(await run())).toEqual({...quiet, read: 4, stored: 2, aside: 2});
  expect((await readings(pond, "/in/dock")).map(({DO}) => DO)).toEqual([1, 2]);
});

test.each(["TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP", "TIMESTAMPTZ"])(
  "%s in Parquet is cut at the bounds exactly, and local where it has no zone",
  async (type) => {
    const {pond, at, run} = await harbour(pacific);
    const local =
      type === "TIMESTAMPTZ"
        ? ["1999-12-31 23:59:59Z", "2000-01-01 00:00:00Z"]
        : ["1999-12-31 15:59:59", "1999-12-31 16:00:00"];
    const rows = local.map((time, index) => `('${time}'::${type}, ${index})`).join(", ");
    await pond.duck.copy(`SELECT * FROM (VALUES ${rows}) AS r("timestamp", "DO")`, at("dock.parquet"));
    expect(told(await run())).toEqual({...quiet, read: 2, stored: 1, aside: 1});
    expect((await readings(pond, "/in/dock"))[0]).toEqual({time: "2000-01-01T00:00:00.000Z", DO: 1});
  }
);

test("days as spreadsheets count them are refused with both readings, and read where the resource says so", async () => {
  const days = csv("45352", "45352.5", "45352.7541898148");
  expect(await reasonOf(days)).toBe(
    'its column "time" holds 45352.7541898148 in row 3, which is 2024-03-01T18:06:02.000 (days as spreadsheets count them) ' +
      'or 1970-01-01T12:35:52.754Z (s since 1970); set timeFormat to "excel" or "s"'
  );
  expect(await timesOf(days, {timeFormat: "excel"})).toEqual(["03-01 00:00 1", "03-01 12:00 2", "03-01 18:06 3"]);
  expect(await timesOf(csv("43890.5"), {timeFormat: "excel1904", timeZone: "America/Los_Angeles"})).toEqual([
    "03-01 20:00 1"
  ]);
  const {pond, at, run} = await harbour({timeFormat: "excel"});
  await pond.duck.copy("SELECT 45352.25 AS time, 1.0::DOUBLE AS DO", at("dock.parquet"));
  await run();
  expect((await readings(pond, "/in/dock"))[0]!.time).toBe("2024-03-01T06:00:00.000Z");
});
