import {PondError} from "./error.js";
import {literally} from "./regexp.js";

/** What DuckDB says of a query, as one sentence in the words of the pond. */

interface Asked {
  readonly sql?: string; // as it was asked, when what went wrong may stand in it
  readonly above?: number; // lines that DuckDB was given before it
  readonly files?: ReadonlyMap<string, string>; // host files that it reads, and the paths of the pond that they are
  readonly hidden: readonly string[]; // host directories of no meaning to who asked
  readonly trouble?: string; // what the sentence begins with
  readonly tables?: string; // what may stand for a table
}

/** A BAD_QUERY for an error of DuckDB; any other error as it is, and so those that are DuckDB's own fault. */
export function complaint(error: unknown, asked: Asked): unknown {
  if (!(error instanceof Error) || error instanceof PondError) return error;
  const [, kind, told] = /^([A-Z][\w ]*) Error: (.*)$/s.exec(error.message) ?? [];
  if (told === undefined || kind === "INTERNAL" || kind === "FATAL") return error;
  const place = placeIn(asked, told);
  const where = place === undefined ? "" : ` at line ${place.line}, column ${place.column}`;
  const {sql, trouble = "The query cannot be answered"} = asked;
  const sentence = `${trouble}${where}: ${renamed(reasonIn(told, asked), asked)}.`;
  return new PondError("BAD_QUERY", sentence, {...(sql === undefined ? {} : {sql}), ...place}, error);
}

/** Both from 1, as editors count. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** DuckDB shows a piece of the line, cut off at "...", and a caret below; undefined for a line that is not ours. */
function placeIn({sql = "", above = 0}: Asked, told: string): Place | undefined {
  const shown = /^(LINE (\d+): (\.\.\.)?)(.*?)(\.\.\.)?\n( *)\^\s*$/m.exec(told);
  if (shown === null) return undefined;
  const [, lead, number, , piece, , indent] = shown;
  const line = Number(number) - above;
  const at = sql.split("\n")[line - 1]?.indexOf(piece!) ?? -1;
  return at < 0 ? undefined : {line, column: at + indent!.length - lead!.length + 1};
}

const anyPath = "a path of the pond is written in quotes, its log as oplog";

function reasonIn(told: string, {tables = anyPath}: Asked): string {
  const [first = "", second = ""] = told.split("\n");
  const column = /^Referenced column "(.*)" not found in FROM clause!$/.exec(first);
  if (column !== null) return `there is no column ${column[1]}${nearestIn(second)}`;
  const routine = /^\w+ Function with name (.*) does not exist!$/.exec(first);
  if (routine !== null) return `there is no function ${routine[1]}${nearestIn(second)}`;
  const table = /^Table with name (.*) does not exist!$/.exec(first);
  if (table !== null) return `there is no table ${table[1]}; ${tables}`;
  const row = /^CSV Error on Line: (\d+)\n(?:Original Line: .*\n)?(.*)$/m.exec(told);
  const file = /^ {2}file = (.*)$/m.exec(told)?.[1];
  const plain = row === null ? first : `line ${row[1]} of ${file ?? "a file"} is not like those before it: ${row[2]}`;
  return plain.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase()).replace(/[.!\s]+$/, "");
}

/** What DuckDB takes for likely to have been meant. */
function nearestIn(line: string): string {
  const names = [...line.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  if (names.length === 0) return "";
  return names.length === 1 ? `; the nearest is ${names[0]}` : `; the nearest are ${names.join(", ")}`;
}

/** The pond's own paths in the place of the host's. */
function renamed(reason: string, {files = new Map(), hidden}: Asked): string {
  const known = [...files].reduce((text, [file, path]) => text.replaceAll(file, path), reason);
  return hidden.reduce(
    (text, directory) => text.replace(new RegExp(`${literally(directory)}[^'"\\s]*`, "g"), "a file of the pond"),
    known
  );
}
