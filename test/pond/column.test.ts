import {expect, onTestFinished, test} from "vitest";
import {Duck} from "../../pond/duck.js";

async function opened(): Promise<Duck> {
  const duck = new Duck();
  onTestFinished(() => duck.close());
  return duck;
}

const numbers = (length: number) => Float64Array.from({length}, (_, index) => index / 3);

test("a result comes in chunks, each column as doubles", async () => {
  const duck = await opened();
  const found: number[] = [];
  for await (const chunk of duck.chunks("SELECT range::DOUBLE AS a, 2 * range::DOUBLE AS b FROM range(5000)")) {
    expect(chunk.doubles(1)).toEqual(chunk.doubles(0).map((value) => 2 * value));
    found.push(...chunk.doubles(0));
  }
  expect(found).toEqual(Array.from({length: 5000}, (_, index) => index));
});

test("a whole result is the chunks that it comes in", async () => {
  const duck = await opened();
  const sql = "SELECT range::DOUBLE AS a FROM range(5000)";
  const chunks = await duck.all(sql);
  expect(chunks.flatMap((chunk) => [...chunk.doubles(0)])).toEqual(Array.from({length: 5000}, (_, index) => index));
  expect(await duck.all(`${sql} WHERE range < 0`)).toEqual([]);
});

test("what is NULL is NaN, wherever it stands", async () => {
  const duck = await opened();
  const columns = ["i", "CASE WHEN i % 3 > 0 THEN i END", "NULL", "nullif(i, 4999)"].map((sql) => `${sql}::DOUBLE`);
  const found: number[][] = columns.map(() => []);
  for await (const chunk of duck.chunks(`SELECT ${columns.join(", ")} FROM range(5001) AS t(i) ORDER BY i`))
    for (const [index, list] of found.entries()) list.push(...chunk.doubles(index));
  const rows = Array.from({length: 5001}, (_, row) => row);
  expect(found).toEqual([
    rows,
    rows.map((row) => (row % 3 > 0 ? row : NaN)),
    rows.map(() => NaN),
    rows.map((row) => (row === 4999 ? NaN : row))
  ]);
});

test("DuckDB reads columns that are lent, in their order, also when it reads them twice", async () => {
  const duck = await opened();
  const columns = [
    {name: 'odd "name"', values: numbers(5000)},
    {name: "part", values: numbers(6000).subarray(1000)} // which does not begin where its memory does
  ];
  await duck.lend(columns, async (relation) => {
    const rows = await duck.rows(`SELECT "odd ""name""" AS a, part FROM ${relation}`);
    expect(rows.map(({a, part}) => [a, part])).toEqual(
      Array.from(columns[0]!.values, (a, i) => [a, columns[1]!.values[i]])
    );
    expect(
      await duck.rows(`SELECT count(*)::INTEGER AS n FROM ${relation} AS x, ${relation} AS y WHERE x.part = y.part`)
    ).toEqual([{n: 5000}]);
  });
  await duck.lend([{name: "a", values: numbers(0)}], async (relation) =>
    expect(await duck.rows(`FROM ${relation}`)).toEqual([])
  );
});

test("what is no longer lent is no relation with anything in it", async () => {
  const duck = await opened();
  const relation = await duck.lend([{name: "a", values: numbers(3)}], async (name) => name);
  expect(await duck.rows(`FROM ${relation}`)).toEqual([]);
});
