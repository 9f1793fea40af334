import * as z from "zod";

/** A field for how times are written in a file. */
export const timeFormat = z
  .string()
  .regex(
    /%|^(s|ms|us|ns|excel|excel1904)$/,
    "write s, ms, us or ns since 1970, excel for days as spreadsheets count them, or a format such as %d/%m/%Y %H:%M"
  );
