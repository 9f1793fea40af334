import {hash, recordColumns} from "./record.js";

/** The actions of the Delta protocol (1,2) that a pond writes and reads. */

export interface AddAction {
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string>>;
  readonly size: number; // bytes, exact
  readonly modificationTime: number; // ms since 1970
  readonly dataChange: boolean;
  readonly stats: string; // JSON: {"numRecords": …}
  readonly tags: Readonly<Record<string, string>>; // sha256, bytes, transaction: the version that added it; tier
}

export interface RemoveAction {
  readonly path: string;
  readonly deletionTimestamp: number; // ms since 1970
  readonly dataChange: boolean;
}

/** How far an application has come; the newest per application counts. */
interface TxnAction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number; // ms since 1970
}

/** `commitInfo`; what is not Delta's own is ours. */
export interface CommitInfo {
  readonly timestamp: number; // ms since 1970, strictly increasing
  readonly operation: string;
  readonly operationParameters: Readonly<Record<string, string>>;
  readonly engineInfo: string;
  readonly txnId: string;
  readonly user: string;
  readonly command: string;
  readonly message?: string;
  readonly tookMs: number;
  readonly operations: number;
  readonly rows: number;
  readonly previous?: string; // SHA-256 of the previous commit file
  readonly sha256?: string; // of this one, with these 64 digits as zeros
}

export interface Action {
  readonly commitInfo?: CommitInfo;
  readonly protocol?: {readonly minReaderVersion: number; readonly minWriterVersion: number};
  readonly metaData?: Readonly<Record<string, unknown>>;
  readonly add?: AddAction;
  readonly remove?: RemoveAction;
  readonly txn?: TxnAction;
}

const column = (name: string, type: string): object => ({name, type, nullable: true, metadata: {}});

/** The actions that make an operation log. */
export function creation(id: string, now: number): Action[] {
  const fields = [column("part_id", "string"), ...recordColumns.map(({name, delta}) => column(name, delta))];
  return [
    {protocol: {minReaderVersion: 1, minWriterVersion: 2}},
    {
      metaData: {
        id,
        format: {provider: "parquet", options: {}},
        schemaString: JSON.stringify({type: "struct", fields}),
        partitionColumns: ["part_id"],
        configuration: {"delta.appendOnly": "true"},
        createdTime: now
      }
    }
  ];
}

/** Where a version's commit stands in the store. */
export function commitKey(version: number): string {
  return `oplog/_delta_log/${String(version).padStart(20, "0")}.json`;
}

/** The digits of a hash that is not known yet. */
export const unsealed = "0".repeat(64);

const seal = (digits: string): string => `"sha256":"${digits}"`;

/** A commit file; where `commitInfo.sha256` is `unsealed` it gets the file's hash. */
export function encodeActions(actions: readonly Action[]): Uint8Array {
  const text = actions.map((action) => `${JSON.stringify(action)}\n`).join("");
  return Buffer.from(text.replace(seal(unsealed), seal(hash(text))));
}

const known = "add remove commitInfo metaData protocol txn cdc domainMetadata".split(" ");

/** Whether a commit file is as it was written. Of a foreign writer's, which has no hash, only whole actions are asked. */
export function isSound(bytes: Uint8Array, actions: readonly Action[]): boolean {
  const isWhole = actions.length > 0 && actions.every((action) => known.includes(Object.keys(action).join()));
  const info = actions.find((action) => action.commitInfo)?.commitInfo;
  if (info?.sha256 === undefined) return isWhole && !String(info?.engineInfo).startsWith("duckpond/");
  const text = Buffer.from(bytes).toString("utf8");
  return isWhole && hash(text.replace(seal(info.sha256), seal(unsealed))) === info.sha256;
}

/** The actions of a commit file; throws a SyntaxError when it is not one. */
export function decodeActions(bytes: Uint8Array): Action[] {
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Action);
}
