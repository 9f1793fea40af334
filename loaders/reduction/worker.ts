import {parentPort} from "node:worker_threads";
import {addBins, addReadings, placeBins, readBins} from "./addition.js";
import type {Bins} from "./bins.js";
import type {Answer, Task} from "./crew.js";
import {openDuck} from "./engine.js";
import type {Scratch} from "../scratch.js";

/** What a thread of the crew runs: one task after the other, as it is told. */

const duck = openDuck();
const port = parentPort!;

port.on("message", (task: Task) => {
  perform(task).then(
    (times) => port.postMessage({isDone: true, times} satisfies Answer),
    (error: Error) => port.postMessage({isDone: false, ...(error instanceof Broken ? {} : {error})} satisfies Answer)
  );
});

async function perform({addition, from, files}: Task): Promise<readonly string[]> {
  const put = async (bins: Bins, index: number) => void (await placeBins(files[index]!, bins));
  if ("sql" in from) return addReadings(duck, from, addition, put);
  for (const [index, range] of addition.stretches.entries())
    await put(await addBins(from.sources[index]!.map(sourceAt), {...addition.tallying, range}), index);
  return [];
}

/** A file of bins is gone, or not as it was written: who gave the task makes it anew. */
class Broken extends Error {}

function sourceAt(file: string) {
  return async (scratch: Scratch): Promise<Bins> => {
    const whole = await readBins(file, scratch);
    if (!whole) throw new Broken(`${file} is gone, or not as it was written.`);
    return whole.bins;
  };
}
