import type {Table} from "apache-arrow";
import {complaint} from "./complaint.js";
import type {Duck} from "./duck.js";
import {identifier, literal} from "./duck.js";
import {PondError} from "./error.js";
import type {FS} from "./fs.js";
import {isGlob} from "./glob.js";
import {toOpFile} from "./log.js";
import {StoredNode} from "./node.js";
import type {Node} from "./node.js";
import {hash, recordColumns} from "./record.js";
import type {Snapshot} from "./view.js";

export interface QueryOptions {
  readonly source?: string; // a path or pattern that is the table `source` as well
}

/** SQL over the pond: names in FROM position that are paths or patterns become views over what they stand for. */
export async function query(fs: FS, sql: string, {source}: QueryOptions = {}): Promise<Table> {
  const files = new Map<string, string>();
  const wrong = (about: {readonly sql?: string}) => (error: unknown) => {
    throw complaint(error, {...about, files, hidden: hiddenOf(fs)});
  };
  const found = await namesIn(fs.duck, sql).catch(wrong({sql}));
  const names = found.filter((name) => name.startsWith("/") || name.toLowerCase() === "oplog");
  requireDistinct(names);
  const relations: [string, string][] = [];
  for (const name of names)
    relations.push([name, name.startsWith("/") ? await relationOf(fs, name, files) : await oplog(fs)]);
  if (source !== undefined) relations.push(["source", await relationOf(fs, source, files)]);
  return fs.duck.session(async (session) => {
    for (const [name, relation] of relations)
      await session.run(`CREATE TEMP VIEW ${identifier(name)} AS FROM ${relation}`).catch(wrong({}));
    return session.table(sql).catch(wrong({sql}));
  });
}

/** Where the host keeps what a pond holds. */
function hiddenOf({contents}: FS): readonly string[] {
  const root = contents.store.locate?.("");
  return [contents.cache, ...(root === undefined ? [] : [root])];
}

/** Names in FROM position. The parser's tree knows them all, but only for SELECT; the binder's list knows the rest. */
async function namesIn(duck: Duck, sql: string): Promise<string[]> {
  const [row] = await duck.rows(`SELECT json_serialize_sql(${literal(sql)})::VARCHAR AS tree`);
  const tree = JSON.parse(row!.tree as string) as {error: boolean; statements?: unknown[]};
  if (tree.error) return [...new Set([...(await duck.tableNames(sql)), ...quotedNames(sql)])];
  if (tree.statements?.length !== 1) throw new PondError("BAD_QUERY", "A query is one SELECT statement.", {sql});
  return [...new Set(tablesIn(tree.statements))];
}

function tablesIn(tree: unknown): string[] {
  if (typeof tree !== "object" || tree === null) return [];
  const {type, table_name: name} = tree as {type?: unknown; table_name?: unknown};
  const own = type === "BASE_TABLE" && typeof name === "string" ? [name] : [];
  return [...own, ...Object.values(tree).flatMap(tablesIn)];
}

/** For statements that neither list covers, such as PIVOT: quoted paths behind the words that take a table. */
function quotedNames(sql: string): string[] {
  const found = sql.matchAll(/\b(?:from|join|pivot|unpivot|describe|summarize)\s+(?:'(\/[^']*)'|"(\/[^"]*)")/gi);
  return [...found].map((match) => (match[1] ?? match[2])!);
}

function requireDistinct(names: readonly string[]): void {
  const lower = names.map((name) => name.toLowerCase());
  const twin = names.find((_, i) => lower.indexOf(lower[i]!) !== i);
  if (twin === undefined) return;
  const sentence = `SQL cannot tell ${twin} from a path that differs only in upper and lower case; ask for them one by one.`;
  throw new PondError("BAD_QUERY", sentence, {twin});
}

/** Host files that are read as a path of the pond. */
type Files = Map<string, string>;

async function relationOf(fs: FS, name: string, files: Files): Promise<string> {
  const node = await fs.find(name);
  if (node !== undefined) return nodeRelation(fs, node, files);
  if (!isGlob(name)) return nodeRelation(fs, await fs.node(name), files);
  const relations: string[] = [];
  for (const {path} of await fs.glob(name)) {
    const match = await fs.node(path);
    if (match.kind !== "directory" && match.kind !== "dynamic") relations.push(await nodeRelation(fs, match, files));
  }
  if (relations.length === 0) {
    const sentence = `Nothing in the pond matches ${name}; pond list shows what there is.`;
    throw new PondError("NOT_FOUND", sentence, {pattern: name});
  }
  return `(${relations.map((relation) => `SELECT * FROM ${relation}`).join(" UNION ALL BY NAME ")})`;
}

const readers: Readonly<Record<string, string>> = {
  parquet: "read_parquet",
  csv: "read_csv",
  json: "read_json",
  jsonl: "read_json",
  ndjson: "read_json"
};

async function nodeRelation(fs: FS, node: Node, files: Files): Promise<string> {
  if (node.kind === "series") return node.series().relation();
  const reader = node.kind === "table" ? "read_parquet" : readers[/\.(\w+)$/.exec(node.path)?.[1] ?? ""];
  if (reader === undefined || node.kind === "directory" || node.kind === "dynamic") {
    const sentence = `${node.path} is a ${node.kind} that SQL cannot read; it reads series, tables and .parquet, .csv, .json files.`;
    throw new PondError("BAD_QUERY", sentence, {path: node.path, kind: node.kind});
  }
  const file = await hostFile(fs, node);
  files.set(file, node.path);
  return `${reader}(${literal(file)})`;
}

/** A host file with the content of a node. */
export async function hostFile(fs: FS, node: Node): Promise<string> {
  if (node instanceof StoredNode) return fs.contents.locate(node.newest);
  const content = await node.read();
  return fs.contents.locate({
    sha256: hash(content),
    size: content.length,
    inline: true,
    content,
    nodeId: "",
    version: 0
  });
}

/** The log as a table, as of the snapshot. */
async function oplog(fs: FS): Promise<string> {
  const {state, version} = fs.view as Snapshot;
  const adds = [...state.adds()];
  const files = await Promise.all(adds.map((add) => fs.contents.locateOpFile(toOpFile(add))));
  const origins = adds.map(
    (add, i) => `(${literal(files[i]!)}, ${literal(add.partitionValues.part_id!)}, ${add.tags.transaction})`
  );
  const columns = recordColumns.map(({name}) =>
    name === "transaction" ? `coalesce(o.transaction, f.added) AS transaction` : `o.${name}`
  );
  const scan = `read_parquet([${files.map(literal).join(", ")}], hive_partitioning = false, filename = 'op_file', union_by_name = true)`;
  const whole = `(SELECT NULL::BIGINT AS since, NULL::BIGINT AS until WHERE false UNION ALL BY NAME SELECT * FROM ${scan})`;
  const from = `${whole} o JOIN (VALUES ${origins.join(", ")}) AS f(op_file, part_id, added) USING (op_file)`;
  return `(SELECT f.part_id, ${columns.join(", ")} FROM ${from} WHERE coalesce(o.transaction, f.added) <= ${version})`;
}
