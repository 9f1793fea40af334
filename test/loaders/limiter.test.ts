import {readFile, rm, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {setTimeout as sleep} from "node:timers/promises";
import {expect, test} from "vitest";
import {Limiter} from "../../loaders/cloud/limiter.js";
import {mostWithin} from "./arrivals.js";
import {temporaryDirectory} from "./memory.js";

const limit = {requests: 5, per: 200};

test("however long a request is on its way, no span of time sees more arrive than are granted", async () => {
  const limiter = new Limiter(limit);
  const arrivals: number[] = [];
  const request = async (i: number) => {
    await sleep((i * 7) % 60); // there
    arrivals.push(performance.now());
    await sleep((i * 11) % 40); // and back
    if (i % 5 === 0) throw new Error("lost");
  };
  const began = performance.now();
  const ended = await Promise.allSettled(Array.from({length: 24}, (_, i) => limiter.run(() => request(i))));
  expect(ended.filter(({status}) => status === "rejected")).toHaveLength(5);
  expect(arrivals).toHaveLength(24);
  expect(mostWithin(arrivals, limit.per)).toBeLessThanOrEqual(limit.requests);
  expect(performance.now() - began).toBeLessThan(10 * limit.per); // 24 at 5 in 200 ms take 5 turns: it is used, too
});

test("requests go in the order in which they come", async () => {
  const limiter = new Limiter({requests: 2, per: 20});
  const order: number[] = [];
  await Promise.all([0, 1, 2, 3, 4, 5].map((i) => limiter.run(async () => void order.push(i))));
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test("when the server asks to wait, all wait", async () => {
  const limiter = new Limiter(limit);
  limiter.hold(150);
  limiter.hold(50); // does not shorten it
  const began = performance.now();
  await limiter.run(async () => undefined);
  expect(performance.now() - began).toBeGreaterThanOrEqual(150);
});

test("when the server asks for a pause that nobody waits out, all end with the same error until it is over", async () => {
  const limiter = new Limiter(limit);
  const why = new Error("a pause");
  let sent = 0;
  const send = async () => void sent++;
  await limiter.run(send);
  limiter.close(100, why);
  limiter.close(10, new Error("a shorter one"));
  for (let i = 0; i < 2; i++) await expect(limiter.run(send)).rejects.toBe(why);
  expect(sent).toBe(1);
  await sleep(110);
  await limiter.run(send);
  expect(sent).toBe(2);
});

test("those who ask one account share what it grants; where they have two limits, both hold", async () => {
  const file = join(await temporaryDirectory(), "account.json");
  const arrivals: number[] = [];
  const work = (requests: number) =>
    Limiter.of(file).under({...limit, requests}, () =>
      Promise.all([1, 2, 3, 4].map(() => Limiter.of(file).run(async () => void arrivals.push(performance.now()))))
    );
  await Promise.all([work(5), work(3)]);
  expect(arrivals).toHaveLength(8);
  expect(mostWithin(arrivals, limit.per)).toBe(3);
  await sleep(limit.per);
  await work(5);
  expect(mostWithin(arrivals, limit.per)).toBe(4); // the other is not at work any more
});

test("a request that cannot be remembered is not sent", async () => {
  const root = await temporaryDirectory();
  const limiter = new Limiter(limit, join(root, "cache/account.json"));
  let sent = 0;
  const send = async () => void sent++;
  await limiter.run(send);
  await rm(join(root, "cache"), {recursive: true}); // which anyone may do
  await limiter.run(send);
  await rm(join(root, "cache"), {recursive: true});
  await writeFile(join(root, "cache"), "");
  await expect(limiter.run(send)).rejects.toThrow("EEXIST");
  expect(sent).toBe(2);
});

test("the limit holds from process to process, also when one is killed", async () => {
  const file = join(await temporaryDirectory(), "cache/account.json");
  const first = new Limiter(limit, file);
  const arrivals: number[] = [];
  const request = async () => void arrivals.push(performance.now());
  for (let i = 0; i < 3; i++) await first.run(request);
  void first.run(() => new Promise(() => undefined)); // under way, when all that is left of it is its file
  await sleep(1);
  const second = new Limiter(limit, file);
  for (let i = 0; i < 4; i++) await second.run(request);
  expect(mostWithin(arrivals, limit.per)).toBeLessThan(limit.requests); // the lost one may have arrived as well
  await writeFile(file, (await readFile(file, "utf8")).slice(0, 10));
  await new Limiter(limit, file).run(request); // a file that a power cut left half written says nothing
});
