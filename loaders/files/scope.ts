import type {Duck} from "../../pond/duck.js";
import type {Field} from "../time/field.js";
import type {Timed} from "./timed.js";

/** Columns that tell of whom a row is: a place or an instrument, of which each has readings of its own. */

const words = "site|station|location|device|instrument|sensor|logger|probe|sonde|buoy|platform|node|serial|deployment";
const whom = new RegExp(`^((${words})([ _-]?(id|name|no|nr|number|code))?|resource|scope)$`, "i");

/** Whether a column's name says so. The last two are OTLP's. */
export function tellsWhom({header}: Field): boolean {
  return whom.test(header.trim());
}

interface Rows {
  readonly rows: Pick<Timed, "from" | "instant">;
  readonly fields: readonly Field[];
  readonly key?: string; // SQL: of what a row is a reading, where that is in a column
}

/** Throws where rows of one thing are of several, at times that overlap: as one series they would be neither's. */
export async function refuseSeveral(duck: Duck, {rows, fields, key = "''"}: Rows): Promise<void> {
  for (const {header, sql} of fields.filter(tellsWhom)) {
    const [found] = await duck.rows(
      `WITH groups AS (SELECT ${key} AS key, ${sql} AS said, min(${rows.instant}) AS begin, max(${rows.instant}) AS end
         FROM ${rows.from} WHERE (${rows.instant}) IS NOT NULL GROUP BY ALL),
       spans AS (SELECT * EXCLUDE said, regexp_replace(trim(said::VARCHAR), '\\.0$', '') AS whom FROM groups)
       SELECT a.whom AS one, b.whom AS other FROM spans a JOIN spans b
         ON a.key = b.key AND a.whom < b.whom AND a.whom <> '' AND a.begin <= b.end AND b.begin <= a.end ORDER BY ALL LIMIT 1`
    );
    if (!found) continue;
    const [one, other] = [found.one, found.other].map((whom) => JSON.stringify(String(whom).slice(0, 60)));
    throw new Error(
      `its rows are of ${one!} and of ${other!} at the same time, as its column "${header}" tells; set scope to [${JSON.stringify(header)}]`
    );
  }
}
