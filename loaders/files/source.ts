import {literal} from "../../pond/duck.js";
import type {Duck} from "../../pond/duck.js";
import type {Decimal} from "./decimal.js";
import type {Clock, Told, Wanted} from "../time/clock.js";
import type {Field} from "../time/field.js";
import type {Last} from "./timed.js";

/** How a file is to be read, as far as its resource says. */
export interface How extends Wanted {
  readonly decimal?: Decimal;
  readonly parameter?: string;
  readonly value?: string;
  readonly unit?: string;
  readonly scope?: readonly string[];
  readonly missing?: readonly (string | number)[]; // what stands for no reading
  readonly scratch: string; // an existing host directory for files in between
  readonly after?: Last; // the row before the first, where the file is the tail of one
  readonly settled?: Settled; // and how its beginning was written
  readonly clock?: Clock; // where its times are, if that is known
  readonly isUnsorted?: boolean; // whether that is known of its rows, as of a portion by the one before
  readonly isEnded?: boolean; // whether a last line counts that has no line feed and may be longer in a moment
}

/** What became of a last line that has no line feed: it was read, or left until it is found so again, or is finished. */
export type Ending = "read" | "waiting" | "torn";

/** How a file is written, as far as its further parts cannot but be written so too. */
export interface Settled extends Told {
  readonly lead: number; // lines before the first row: the header, and what stands before it
  readonly header?: number; // lines of the header, where there are several in quotes
  readonly dialect?: Marks;
  readonly decimal?: Decimal;
}

/** What stands between values and around them. */
export interface Marks {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
}

/** The rows of a file as DuckDB sees them, in the file's order. */
export interface Source {
  readonly from: string; // in FROM position: columns c0, c1, …; of Parquet also `file_row_number`
  readonly fields: readonly Field[];
  readonly parquet?: string; // the file, where it is such a one: DuckDB skips what is not asked of it
  readonly decimal: Decimal; // what stands in numbers that came as text
  readonly isDecimalTold?: boolean; // by the resource, or by what the file is
  readonly notes: readonly string[];
  readonly ending?: Ending; // none where the last line ends as the others
  readonly settled?: Settled; // where more may be written behind it
  readonly lines?: Lines; // where it is lines of text, which may be read portion by portion
  readonly asText?: Source; // the same for rows that are not all what the first of them are
}

/** A file that may be cut into portions of whole lines. */
export interface Lines {
  readonly path: string; // packed if it ends so
  readonly lead: number; // lines that belong to each portion
  readonly marks?: Marks;
  readonly of: (path: string) => string; // `from` of a portion
  readonly isWhole?: boolean; // whether it is read at once: DuckDB unpacks `.zst` faster than it is unpacked here
}

/** A file without lines that were in the way. */
export interface Cut {
  readonly path: string;
  readonly isSame: boolean; // whether it is written as the file is: not unpacked, nor in another encoding
  readonly left: readonly number[]; // the lines, rising, from 1
}

/** The name of a host file, as DuckDB takes it: else for a pattern. */
export function hostFile(path: string): string {
  return literal(path.replace(/[*?[]/g, "[$&]"));
}

/** A file's columns as DuckDB names and types them, called c0, c1, … */
export async function described(duck: Duck, source: string): Promise<readonly Field[]> {
  const found = await duck.rows(`DESCRIBE SELECT * FROM ${source}`);
  return found.map((row, index) => ({
    header: String(row.column_name),
    type: String(row.column_type),
    sql: `c${index}`
  }));
}
