import {createInterface} from "node:readline";
import {query} from "chdb";

// Answers each line of SQL with a line of JSON, {rows} or {error}: ClickHouse, in a process of its own. Start it in `/`,
// which is where `deltaLakeLocal` looks for absolute paths.

function answer(sql) {
  try {
    const text = query(sql, "JSON");
    return {rows: text === "" ? [] : JSON.parse(text).data};
  } catch (error) {
    return {error: String(error)};
  }
}

for await (const sql of createInterface({input: process.stdin}))
  process.stdout.write(`${JSON.stringify(answer(sql))}\n`);
