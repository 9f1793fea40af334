import type {Pond} from "../../pond/pond.js";
import type {Transaction} from "../../pond/types.js";
import {readings} from "./readings.js";

const doing =
  (body: (tx: Transaction) => Promise<unknown>) =>
  async (pond: Pond): Promise<void> =>
    void (await pond.transaction({command: "operate"}, body));

/** Ponds that one process works on at the same time, so that a kill finds each of them somewhere else. */
export const together = 4;

/** What is done to a pond in a kill test, each to what the one before left; the pond itself is made by the first. */
export const operations: Readonly<Record<string, (pond: Pond) => Promise<void>>> = {
  init: async () => undefined,
  create: doing((tx) => tx.write("/harbour/file", "made", {parents: true})),
  "small write": doing((tx) => tx.write("/harbour/file", "written")),
  "large write": doing((tx) => tx.write("/harbour/large", "large".repeat(20_000))),
  mkdir: doing((tx) => tx.mkdir("/quay/north/deep", {recursive: true})),
  append: doing((tx) => tx.append("/harbour/series", readings([1, 2], {level: [1, 2]}))),
  rename: doing((tx) => tx.rename("/quay/north", "/harbour/north")),
  remove: doing((tx) => tx.remove("/harbour/north", {recursive: true}))
};
