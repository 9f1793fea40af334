import type {FS} from "./fs.js";
import type {NodeKind, Stat} from "./types.js";

/** What became of a node between two snapshots. */
export interface Change {
  readonly what: "added" | "removed" | "changed" | "moved";
  readonly path: string; // in the later snapshot; of what was removed, in the earlier one
  readonly kind: NodeKind;
  readonly from?: string; // where it was before, when it moved
  readonly versions?: readonly [before: number, after: number]; // when its content changed
  readonly rows?: number; // readings added, of a series
}

/**
 * What is different in `after`, sorted by path. A node that stands elsewhere is moved, told by its identity; directories
 * are told only when they come, go or move. What dynamic directories compute is left out: it follows from the rest.
 */
export async function diff(before: FS, after: FS): Promise<readonly Change[]> {
  const [old, young] = [await nodesOf(before), await nodesOf(after)];
  const changes = [...old.values()].filter(({nodeId}) => !young.has(nodeId)).map(removed);
  for (const stat of young.values()) changes.push(...(await changesOf(old.get(stat.nodeId), stat, after)));
  return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Every stored node by its identity. */
async function nodesOf(fs: FS): Promise<ReadonlyMap<string, Stat>> {
  const found = new Map<string, Stat>();
  const visit = async (path: string): Promise<void> => {
    for (const stat of await fs.list(path)) {
      found.set(stat.nodeId, stat);
      if (stat.kind === "directory") await visit(stat.path);
    }
  };
  await visit("/");
  return found;
}

function removed({path, kind}: Stat): Change {
  return {what: "removed", path, kind};
}

async function changesOf(old: Stat | undefined, stat: Stat, after: FS): Promise<Change[]> {
  const {path, kind, version} = stat;
  if (old === undefined) return [{what: "added", path, kind, ...(await added(old, stat, after))}];
  const moved: Change[] = old.path === path ? [] : [{what: "moved", path, kind, from: old.path}];
  if (kind === "directory" || old.version === version) return moved;
  return [
    ...moved,
    {what: "changed", path, kind, versions: [old.version, version], ...(await added(old, stat, after))}
  ];
}

/** Rows that came: of a series as they were written, for maintenance may have merged them since. */
async function added(old: Stat | undefined, {path, kind, rows}: Stat, after: FS): Promise<{readonly rows?: number}> {
  if (rows === undefined) return {};
  if (kind !== "series") return {rows: rows - (old?.rows ?? 0)};
  const written = (await after.versions(path)).filter(({version}) => version > (old?.version ?? 0));
  return {rows: written.reduce((sum, version) => sum + (version.rows ?? 0), 0)};
}
