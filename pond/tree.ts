import type {Reader, Stat} from "./types.js";

/** What a link came to that cannot be followed: nothing, or a directory that the link itself stands in. */
export type Astray = "nowhere" | "back";

/** A node of a tree, at the path by which it was come to. */
export interface Followed {
  readonly stat: Stat;
  readonly astray?: Astray;
}

/** A path and all below it, directories before what they hold, names sorted, links followed but for those astray. */
export async function* followed(fs: Reader, path: string, above: readonly string[] = []): AsyncIterable<Followed> {
  const link = await fs.lstat(path);
  if (link.dangling) return void (yield {stat: link, astray: "nowhere"});
  const stat = await fs.stat(path);
  if (above.includes(stat.nodeId)) return void (yield {stat: link, astray: "back"});
  yield {stat};
  if (stat.kind !== "directory" && stat.kind !== "dynamic") return;
  for (const child of await fs.list(stat.path)) yield* followed(fs, child.path, [...above, stat.nodeId]);
}
