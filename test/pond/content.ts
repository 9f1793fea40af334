import {Contents} from "../../pond/contents.js";
import type {Duck} from "../../pond/duck.js";
import {FS} from "../../pond/fs.js";
import {advance, emptyLog} from "../../pond/log.js";
import type {Pond} from "../../pond/pond.js";
import type {Store} from "../../pond/types.js";
import {Partitions, Snapshot} from "../../pond/view.js";

/** What a pond holds, for comparing: its version, and of each path all versions with their hashes. */
export interface Content {
  readonly version: number; // -1: there is no pond
  readonly lines: readonly string[];
}

/** Reads all that a pond holds, at a version or now; every content is read and its hash proven. */
export async function contentOf(store: Store, duck: Duck, version?: number): Promise<Content> {
  const state = await advance(store, emptyLog);
  const contents = new Contents(store, "/nowhere");
  const snapshot = new Snapshot(state, new Partitions(contents), version ?? state.version);
  if (state.version < 0) return {version: -1, lines: []};
  const fs = new FS(snapshot, {contents, duck, dynamic: {}});
  const lines: string[] = [];
  for await (const {path, nodeId, partId, kind} of fs.walk("/"))
    for (const record of (await snapshot.partition(partId)).get(nodeId)!) {
      await contents.read(record);
      lines.push(`${path} ${kind} ${record.version} ${record.sha256}`);
    }
  return {version: snapshot.version, lines};
}

/** What a pond shows: its version and its nodes with theirs. */
export async function shown(pond: Pond): Promise<readonly string[]> {
  const fs = await pond.fs();
  const lines = [`version ${fs.version}`];
  for await (const {path, kind, version, sha256} of fs.walk("/"))
    lines.push(`${path} ${kind} ${version} ${kind === "directory" ? "" : sha256}`); // a directory's content has ids
  return lines;
}
