import {Command} from "commander";
import type {Column, Reader, Stat, Version} from "../../pond/types.js";
import {counted, formatBytes, formatInstant, formatRows} from "../format.js";
import type {Row} from "../format.js";
import type {Shell} from "./shell.js";

/** `pond describe path`: what a node is, its columns and units, its time span, its versions. */
export function describe(shell: Shell): Command {
  return new Command("describe")
    .description("tell what stands at a path: columns, units, time span, restated readings, versions")
    .argument("<path>", "a path of the pond")
    .option("--json", "for a program to read")
    .addHelpText("after", "\nExample:\n  pond describe /sites/Mouth")
    .action((path: string, {json}: {readonly json?: boolean}) =>
      shell.withPond(async (pond) => {
        const told = await tell(await pond.fs(), path);
        if (json) shell.out(JSON.stringify(told, null, 2));
        else print(shell, told);
      })
    );
}

type Told = Awaited<ReturnType<typeof tell>>;

async function tell(fs: Reader, path: string) {
  const stat = await fs.stat(path);
  const isReadings = stat.kind === "series";
  const columns = isReadings ? await (await fs.series(path)).columns() : columnsOf(stat);
  const versions = stat.kind === "directory" || stat.kind === "dynamic" ? [] : await fs.versions(path);
  return {...stat, columns, versions, ...(isReadings ? await readingsOf(fs, path) : {})};
}

/** Those of a table as they were stored, its time told by the span; nothing else has any. */
function columnsOf({kind, attributes, minTime}: Stat): readonly Column[] {
  if (kind !== "table") return [];
  const time = minTime === undefined ? [] : [{name: "timestamp", type: "TIMESTAMP WITH TIME ZONE", attributes: {}}];
  return [...time, ...((attributes.columns ?? []) as readonly Column[])];
}

async function readingsOf(fs: Reader, path: string) {
  const name = `"${path.replaceAll('"', '""')}"`;
  const span = "epoch_us(min(timestamp))::DOUBLE AS first, epoch_us(max(timestamp))::DOUBLE AS last";
  const row = (await fs.query(`SELECT count(*)::DOUBLE AS n, ${span} FROM ${name}`)).get(0);
  return {
    readings: Number(row?.n ?? 0),
    restated: await fs.restated(path),
    first: instant(row?.first as number | null | undefined),
    last: instant(row?.last as number | null | undefined)
  };
}

function instant(micros: number | null | undefined): string | undefined {
  return micros === null || micros === undefined ? undefined : formatInstant(micros);
}

function print(shell: Shell, told: Told): void {
  shell.out(`${told.path}: a ${told.kind}, version ${told.version}, ${formatBytes(told.size)}`);
  if (told.readings !== undefined) {
    const span = told.first === undefined ? "" : `, from ${told.first} to ${told.last}`;
    const restated = told.restated === undefined ? "" : `; ${counted(told.restated, "reading")} restated`;
    shell.out(`${counted(told.readings, "row")}${span}${restated}`);
  }
  if (told.kind === "table") shell.out(counted(told.rows ?? 0, "row"));
  if (told.columns.length > 0) shell.out(formatRows(told.columns.map(columnRow), "table"));
  if (told.versions.length > 0) shell.out(formatRows(told.versions.map(versionRow), "table"));
}

function columnRow({name, type, attributes}: Told["columns"][number]): Row {
  const {instrument = "", scope = "", parameter = "", unit = ""} = attributes;
  return {column: name, type, instrument, scope, parameter, unit};
}

function versionRow({version, transaction, timestamp, rows, size, sha256}: Version): Row {
  const written = new Date(timestamp / 1000).toISOString();
  return {version, transaction, written, rows: rows ?? "", bytes: formatBytes(size), sha256: sha256.slice(0, 12)};
}
