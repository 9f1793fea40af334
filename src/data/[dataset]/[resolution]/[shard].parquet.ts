import {readFile} from "node:fs/promises";
import {join} from "node:path";
import process from "node:process";
import {parseArgs} from "node:util";
import {published} from "../../../../loaders/site/published.js";

const text = {type: "string", default: ""} as const;
const {dataset, resolution, shard} = parseArgs({options: {dataset: text, resolution: text, shard: text}}).values;
process.stdout.write(await readFile(join(await published(), dataset, resolution, `${shard}.parquet`)));
