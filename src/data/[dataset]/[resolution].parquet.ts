import {mkdtemp, readFile, rm} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import {parseArgs} from "node:util";
import {published} from "../../../loaders/site/published.js";
import {Duck, literal} from "../../../pond/duck.js";

// All shards of a resolution as one file, under a name that stays, for authors' FileAttachment and SQL.
const text = {type: "string", default: ""} as const;
const {dataset, resolution} = parseArgs({options: {dataset: text, resolution: text}}).values;
const shards = join(await published(), dataset, resolution, "*.parquet");
const scratch = await mkdtemp(join(tmpdir(), "resolution-"));
const duck = new Duck();
try {
  const file = join(scratch, "whole.parquet");
  const select = `SELECT * FROM read_parquet(${literal(shards)}) ORDER BY timestamp`;
  await duck.copy(select, file, {FORMAT: "parquet", COMPRESSION: "snappy"});
  process.stdout.write(await readFile(file));
} finally {
  await duck.close();
  await rm(scratch, {recursive: true});
}
