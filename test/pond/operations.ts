import type {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";
import {readings} from "./readings.js";

const doing =
  (body: (tx: Transaction) => Promise<unknown>) =>
  async (pond: Pond): Promise<void> =>
    void (await pond.transaction({command: "operate"}, body));

/** What is done to a pond in a kill test. */
interface Operation {
  readonly days?: number; // that the clock is ahead
  readonly prepare?: (pond: Pond) => Promise<void>; // before anyone is killed
  readonly operate: (pond: Pond) => Promise<void>;
}

async function neglect(pond: Pond): Promise<void> {
  for (let i = 0; i < 20; i++)
    await doing(async (tx) => {
      await tx.append("/harbour/series", readings([i], {level: [i]}));
      await tx.write("/harbour/large", `${i}`.repeat(70_000));
    })(pond);
}

const maintain = async (pond: Pond): Promise<void> => void (await pond.maintain({keep: 3_600_000}));

/** Each to what the one before left; the pond itself is made by the first. */
export const operations: Readonly<Record<string, Operation>> = {
  init: {operate: async () => undefined},
  create: {operate: doing((tx) => tx.write("/harbour/file", "made", {parents: true}))},
  "small write": {operate: doing((tx) => tx.write("/harbour/file", "written"))},
  "large write": {operate: doing((tx) => tx.write("/harbour/large", "large".repeat(20_000)))},
  mkdir: {operate: doing((tx) => tx.mkdir("/quay/north/deep", {recursive: true}))},
  append: {operate: doing((tx) => tx.append("/harbour/series", readings([1, 2], {level: [1, 2]})))},
  rename: {operate: doing((tx) => tx.rename("/quay/north", "/harbour/north"))},
  remove: {operate: doing((tx) => tx.remove("/harbour/north", {recursive: true}))},
  checkpoint: {operate: maintain}, // there is too little to compact
  compact: {prepare: neglect, operate: maintain},
  vacuum: {days: 9, operate: maintain} // what compaction replaced, and the past
};
