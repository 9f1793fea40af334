import {parquetMetadata} from "hyparquet";
import type {OpRecord} from "./record.js";
import {columnsOf} from "./series.js";

/** What the end of a Parquet file tells of it, beside what its record tells. */

/** Some bytes of a file: `[begin, end)`, a negative begin from its end. */
type ReadRange = (begin: number, end?: number) => Promise<Uint8Array>;

interface Footer {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, string | undefined>; // with types as DuckDB spells them, where they are known
}

/** What is wrong with the Parquet content of a record, of which only the footer is read; undefined when nothing is. */
export async function misfitIn(record: OpRecord, read: ReadRange): Promise<string | undefined> {
  const {size, rows} = record;
  const end = Buffer.from(await read(-8));
  const length = end.length < 8 ? 0 : end.readUInt32LE(0);
  if (end.toString("latin1", 4) !== "PAR1" || length + 12 > size) return "does not end as Parquet does";
  const footer = parsed(await read(size - 8 - length));
  if (footer === undefined) return "has a Parquet footer that is not readable";
  if (rows !== undefined && footer.rows !== rows) return `has ${footer.rows} rows, its record says ${rows}`;
  return misfitColumn(record, footer);
}

/** A column that the record does not tell of, or that is of another type there. */
function misfitColumn(record: OpRecord, footer: Footer): string | undefined {
  const told = typesIn(record);
  if (told === undefined) return undefined; // a foreign writer may not say
  if (record.kind === "series" && !footer.columns.has("timestamp")) return "has no column timestamp";
  for (const [name, type] of footer.columns) {
    if (!told.has(name)) return `has a column ${name} that its record does not tell of`;
    const said = told.get(name);
    if (type !== undefined && said !== undefined && type !== said)
      return `has a column ${name} of type ${type}, its record says ${said}`;
  }
  return undefined;
}

function typesIn({kind, attributes}: OpRecord): ReadonlyMap<string, string | undefined> | undefined {
  if (attributes.columns === undefined) return undefined;
  const time = kind === "series" ? "TIMESTAMP WITH TIME ZONE" : undefined; // a table's may be anything
  return new Map([["timestamp", time], ...columnsOf(attributes).map(({name, type}) => [name, type] as const)]);
}

function parsed(tail: Uint8Array): Footer | undefined {
  try {
    const {num_rows: rows, schema} = parquetMetadata(Uint8Array.from(tail).buffer);
    return {rows: Number(rows), columns: new Map(topOf(schema).map((element) => [element.name, typeOf(element)]))};
  } catch {
    return undefined; // its messages tell of bytes, the check of the file
  }
}

type Element = ReturnType<typeof parquetMetadata>["schema"][number];

/** The columns themselves: the schema is a tree told depth first, its root before all. */
function topOf(schema: readonly Element[]): readonly Element[] {
  const top: Element[] = [];
  let open = 0; // elements below the column before that have to come
  for (const element of schema.slice(1)) {
    if (open === 0) top.push(element);
    else open--;
    open += element.num_children ?? 0;
  }
  return top;
}

/** For what a series holds and the commonest types of tables; of others nothing is said. */
function typeOf({
  type,
  logical_type: logical,
  converted_type: converted,
  num_children: inside
}: Element): string | undefined {
  if (inside !== undefined && inside > 0) return undefined;
  if (type === "DOUBLE" || type === "FLOAT" || (type === "BOOLEAN" && logical === undefined)) return type;
  if (logical?.type === "TIMESTAMP")
    return logical.isAdjustedToUTC && logical.unit !== "NANOS" ? "TIMESTAMP WITH TIME ZONE" : undefined;
  if (logical?.type === "STRING" || (logical === undefined && converted === "UTF8")) return "VARCHAR";
  if (logical !== undefined || converted !== undefined) return undefined;
  return {INT32: "INTEGER", INT64: "BIGINT", BYTE_ARRAY: "BLOB"}[type as "INT32"];
}
