import * as z from "zod";

const form =
  "write s, ms, us or ns since 1970, excel for days as spreadsheets count them, or a format such as %d/%m/%Y %H:%M";

/** What DuckDB's strptime takes for a part of a time; it refuses the whole of a format that has another letter there. */
const part = /%(?:[ABGHIMSTUVWXYZabcdfghjmnpuwxyz]|-[HIMSdjmy])/g;

/** A field for how times are written in a file. */
export const timeFormat = z
  .string()
  .regex(/%|^(s|ms|us|ns|excel|excel1904)$/, {error: form, abort: true})
  .refine((text) => strangeIn(text) === undefined, {
    error: ({input}) => `${strangeIn(String(input))!} is no part of a time; ${form}`,
    abort: true
  })
  .refine((text) => !text.includes("%") || plain(text).search(part) >= 0, `it has no part of a time; ${form}`);

/** A format without the percent signs that it has in it as such. */
function plain(format: string): string {
  return format.replaceAll("%%", " ");
}

/** What stands in a format as a part of a time, and is none. */
function strangeIn(format: string): string | undefined {
  return /%(?:-?.)?/s.exec(plain(format).replaceAll(part, ""))?.[0];
}
