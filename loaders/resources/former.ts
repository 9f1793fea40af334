import type * as z from "zod";

/** What fields were called before, and are called now: ponds keep resources that have them so. */
export const former: Readonly<Record<string, string>> = {begin: "from", end: "to"};

/** A spec that a pond keeps, with its fields as they are called now. */
export function renewed(spec: unknown, schema: z.ZodType): unknown {
  if (!Object.keys(former).some((name) => JSON.stringify(spec)?.includes(`"${name}":`))) return spec;
  const made = structuredClone(spec);
  for (const issue of schema.safeParse(spec).error?.issues ?? [])
    if (issue.code === "unrecognized_keys") rename(issue.path.reduce(within, made) as Fields, issue.keys);
  return made;
}

type Fields = Record<string, unknown>;

function within(value: unknown, name: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown>)[name];
}

function rename(fields: Fields, names: readonly string[]): void {
  for (const name of names) {
    const now = former[name];
    if (now === undefined || now in fields) continue;
    fields[now] = fields[name];
    delete fields[name];
  }
}
