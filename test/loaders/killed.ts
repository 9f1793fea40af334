import process from "node:process";
import {dynamicFactories, kinds} from "../../loaders/kinds.js";
import {silent} from "../../loaders/runs/reporter.js";
import {readResources} from "../../loaders/resources/resource.js";
import {run} from "../../loaders/runs/run.js";
import {Pond} from "../../pond/pond.js";

/**
 * A process for kill tests: `killed.ts <pond> <resources>` collects what the resources say, as `pond run` does, and
 * prints what came of it. Somebody else kills it.
 */

const [, , dir = "", resources = ""] = process.argv;
const now = () => Date.parse(process.env.POND_NOW!);
const pond = await Pond.open(dir, {create: true, dynamic: dynamicFactories(), effects: {now}});
const read = await readResources(resources, kinds, process.env);
const {rows} = await run(pond, read, {now, env: process.env, reporter: silent});
process.stdout.write(JSON.stringify(rows));
await pond.close();
