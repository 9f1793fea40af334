import {readFile} from "node:fs/promises";
import {join} from "node:path";
import process from "node:process";
import {published} from "../../loaders/site/published.js";

process.stdout.write(await readFile(join(await published(), "logo.svg")));
