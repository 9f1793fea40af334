import {setTimeout as sleep} from "node:timers/promises";
import {expect, test} from "vitest";
import {Token} from "../../loaders/cloud/token.js";

function counted(lives: readonly number[]) {
  let count = 0;
  const token = new Token(async () => {
    await sleep(1);
    return {token: String(++count), until: Date.now() + (lives[count - 1] ?? 3_600_000)};
  });
  return {token, asked: () => count};
}

test("however many ask, one token is asked for", async () => {
  const {token, asked} = counted([]);
  expect(await Promise.all([token.get(), token.get(), token.get()])).toEqual(["1", "1", "1"]);
  expect(asked()).toBe(1);
});

test("it is renewed before it ends", async () => {
  const {token} = counted([400]);
  expect(await token.get()).toBe("1");
  await sleep(370); // the last tenth of its life
  expect(await Promise.all([token.get(), token.get()])).toEqual(["2", "2"]);
});

test("one that was refused is renewed once, however many were refused with it", async () => {
  const {token, asked} = counted([]);
  await token.get();
  await Promise.all([token.refused("1"), token.refused("1")]);
  expect(await token.get()).toBe("2");
  await token.refused("1"); // told late: the newer one stays
  expect(await token.get()).toBe("2");
  expect(asked()).toBe(2);
});

test("a failure is the asker's, and the next asks again", async () => {
  let count = 0;
  const token = new Token(async () => {
    if (++count === 1) throw new Error("down");
    return {token: "good", until: Date.now() + 1e6};
  });
  await expect(token.get()).rejects.toThrow("down");
  expect(await token.get()).toBe("good");
});
