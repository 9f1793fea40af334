import {Command, Option} from "commander";
import {Table} from "apache-arrow";
import type {Reader} from "../../pond/types.js";
import {formatRows, formats, formatStream, rowsOf} from "../format.js";
import type {Format, RowStream} from "../format.js";
import {momentOf, parseMoment} from "./moment.js";
import type {Moment} from "./moment.js";
import type {Shell} from "./shell.js";

interface CatOptions {
  readonly sql?: string;
  readonly format?: Format | "parquet";
  readonly at?: Moment;
}

/** `pond cat path`: a file's bytes, a series or table as rows, or the result of SQL over them. */
export function cat(shell: Shell): Command {
  return new Command("cat")
    .description("print a file, a series or a table; or what SQL makes of them")
    .argument("[path]", "a path of the pond; in --sql it is also the table `source`")
    .option("--sql <query>", "DuckDB SQL; paths and patterns in quotes are tables, and so is oplog")
    .addOption(new Option("--format <format>", "how to print rows").choices([...formats, "parquet"]))
    .option("--at <version>", "as of a transaction (a number) or an instant (ISO 8601)", parseMoment)
    .addHelpText("after", `\nExamples:\n${examples}`)
    .action((path: string | undefined, options: CatOptions, command: Command) => {
      if (path === undefined && options.sql === undefined) command.error("error: give a path, or --sql, or both");
      return shell.withPond(async (pond) => {
        const fs = options.at === undefined ? await pond.fs() : await pond.at(momentOf(options.at));
        await print(shell, fs, path, options);
      });
    });
}

const examples = `  pond cat /sys/resources/Simulator/harbour
  pond cat /sites/Mouth --format csv > mouth.csv
  pond cat --sql 'SELECT count(*) FROM "/sites/*"'
  pond cat /sites/Mouth --sql "SELECT max(timestamp) FROM source"
  pond cat --sql "SELECT version, kind, size FROM oplog ORDER BY timestamp DESC LIMIT 5"`;

async function print(shell: Shell, fs: Reader, path: string | undefined, options: CatOptions): Promise<void> {
  if (path === undefined) return printTable(shell, await fs.query(options.sql!), options);
  if (options.sql !== undefined) return printTable(shell, await fs.query(options.sql, {source: path}), options);
  if ((await fs.stat(path)).kind === "file" || options.format === "parquet") return shell.pour(fs.stream(path));
  if (await isSeries(fs, path)) return shell.pour(formatStream(() => readingsOf(fs, path), options.format ?? "table"));
  return printTable(shell, await fs.query(`SELECT * FROM ${quoted(path)} ORDER BY ALL`), options);
}

/** Whether a path has readings, and so may be longer than memory; a table without a time is what one wrote at once. */
async function isSeries(fs: Reader, path: string): Promise<boolean> {
  const {kind, minTime} = await fs.stat(path);
  return kind === "series" || (kind === "table" && minTime !== undefined);
}

/** So many rows are made objects at a time. */
const some = 4096;

async function* readingsOf(fs: Reader, path: string): RowStream {
  for await (const batch of fs.batches(path))
    for (let row = 0; row < batch.numRows; row += some) yield rowsOf(new Table(batch.slice(row, row + some)));
}

async function printTable(shell: Shell, table: Table, {format = "table"}: CatOptions): Promise<void> {
  if (format !== "parquet") return shell.out(formatRows(rowsOf(table), format));
  const {encodeParquet} = await import("../../pond/parquet.js");
  shell.write(encodeParquet(table));
}

function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}
