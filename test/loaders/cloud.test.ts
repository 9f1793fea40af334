import {get} from "node:http";
import {expect, onTestFinished, test} from "vitest";
import {Api} from "../../loaders/cloud/api.js";
import {Client} from "../../loaders/cloud/client.js";
import {serveCloud} from "../../loaders/cloud/cloud.js";
import type {CloudOptions} from "../../loaders/cloud/offer.js";
import {faults} from "../../loaders/cloud/fault.js";
import type {Fault} from "../../loaders/cloud/fault.js";
import {Limiter} from "../../loaders/cloud/limiter.js";
import {patience} from "../../loaders/cloud/retry.js";
import {cloudOf, mooringsOf, simulate, simulator} from "../../loaders/kinds/simulator.js";

/** The simulated cloud, asked by the client that asks the real one. */

const now = Date.parse("2026-01-10T00:00:00Z");
const spec = simulator.schema.parse({from: "2026-01-08T00:00:00Z"});
const source = cloudOf({spec, now: () => now});
const whole = {begin: 0, end: now / 1000};

async function serve(options: Partial<CloudOptions> = {}) {
  const cloud = await serveCloud({source, page: 50, retryAfter: 0, ...options});
  onTestFinished(() => cloud.close());
  const credentials = options.credentials ?? {clientId: "a", clientSecret: "b"};
  const account = {url: cloud.url, ...credentials, scopes: ["read:locations", "read:data"]};
  return {cloud, api: new Api(new Client(account, new Limiter({requests: 1000, per: 1000}), {...patience, first: 20}))};
}

type Told = Record<string, Record<number, number>>; // by parameter and time

async function read(api: Api, location: string): Promise<{told: Told; pages: number}> {
  const told: Told = {};
  let pages = 0;
  for await (const {parameters} of api.data(location, whole)) {
    pages++;
    for (const {parameterId, readings} of parameters)
      for (const {timestamp, value} of readings) (told[parameterId] ??= {})[timestamp] = value!;
  }
  return {told, pages};
}

test("it tells of the harbour's instruments, and the readings that the harbour's own collector stores", async () => {
  const {api} = await serve();
  const {parameters, units} = await api.names();
  expect([parameters["4"], units["4"]]).toEqual(["DO", "mg/L"]);
  const {found: locations} = await api.locations();
  expect(locations.map(({name}) => name)).toContain("river-bottom"); // the last, on the list's second page
  expect(locations[0]).toMatchObject({id: "1000", name: "basin-surface", description: "1 m below the surface"});
  const {told, pages} = await read(api, "1000");
  expect(pages).toBe(4); // 193 rows
  const table = simulate(spec.seed, mooringsOf(spec)[0]!, {begin: Date.parse(spec.from!), end: now});
  const [times, values] = [table.getChild("timestamp")!, table.getChild("DO.mg/L")!];
  const expected = Object.fromEntries(
    Array.from({length: table.numRows}, (_, i) => [Number(times.get(i)) / 1000, values.get(i) as number | null]).filter(
      ([, value]) => value !== null
    )
  ) as Record<number, number>;
  expect(told["4"]).toEqual(expected);
});

test.each(faults.map((fault) => [fault]))("%s befalls requests, and the client overcomes it", async (fault) => {
  const clean = await read((await serve()).api, "1003");
  const {api, cloud} = await serve({faults: {seed: 3, faults: [fault], share: 0.5}, page: 40});
  const [{told}, {found: locations}] = [await read(api, "1003"), await api.locations()];
  expect(told).toEqual(clean.told);
  expect(locations).toHaveLength(6);
  const befallen = cloud.exchanges.filter((exchange) => exchange.fault === fault);
  expect(befallen.length).toBeGreaterThanOrEqual(2);
  expect(new Set(cloud.exchanges.map((exchange) => exchange.fault))).toEqual(new Set([undefined, fault]));
  for (const [index, {retryAt}] of cloud.exchanges.entries())
    expect(cloud.exchanges[index + 1]?.at ?? Infinity).toBeGreaterThanOrEqual(retryAt ?? 0); // it waits as it is asked to
});

test("the same seed has the same faults befall the same requests, in whatever order they come", async () => {
  const plan = {seed: 5, faults: ["500", "repeated", "disorder"] satisfies Fault[], share: 0.3};
  const [a, b] = [await serve({faults: plan}), await serve({faults: plan})];
  for (const id of ["1000", "1001"]) await read(a.api, id);
  for (const id of ["1001", "1000"]) await read(b.api, id);
  const ofData = ({cloud}: typeof a) =>
    cloud.exchanges
      .filter(({location, path}) => location !== undefined || path.includes("/data"))
      .map(({path, from, fault}) => [path, from, fault].join(" "))
      .sort();
  expect(ofData(a)).toEqual(ofData(b));
  expect(ofData(a).some((line) => line.endsWith("repeated"))).toBe(true);
});

test("it grants no more requests than its limit, and no token for other credentials", async () => {
  const credentials = {clientId: "who", clientSecret: "knows"};
  const {cloud, api} = await serve({credentials, limit: {requests: 4, per: 600}, retryAfter: 0});
  await read(api, "1000");
  const refused = cloud.exchanges.filter(({fault}) => fault === "limit");
  expect(refused).toHaveLength(1); // a token and three pages of four were granted
  const others = new Api(
    new Client(
      {url: cloud.url, clientId: "who", clientSecret: "guesses", scopes: []},
      new Limiter({requests: 1, per: 1000})
    )
  );
  await expect(others.names()).rejects.toThrow("check clientId and clientSecret");
});

test("a path that is none is refused, and the cloud goes on", async () => {
  const {cloud, api} = await serve();
  const status = await new Promise((resolve, reject) =>
    get(new URL(cloud.url), {path: "//"}, (answer) => resolve(answer.resume().statusCode)).on("error", reject)
  );
  expect(status).toBe(400);
  expect((await api.locations()).found).toHaveLength(6);
});

test("a token ends, a location without readings is not found, and a cursor that nobody gave is refused", async () => {
  const {cloud, api} = await serve({tokenLife: 0.3});
  await api.names();
  await new Promise((resolve) => setTimeout(resolve, 350));
  await api.names();
  expect(cloud.exchanges.map(({path}) => path).filter((path) => path.endsWith("token"))).toHaveLength(2);
  const pages = [];
  for await (const page of api.data("1000", {begin: 0, end: 1})) pages.push(page);
  expect(pages).toEqual([{parameters: []}]);
  expect(cloud.exchanges.at(-1)!.status).toBe(404);
  await expect(api.data("1000", {...whole, cursor: "none"}).next()).rejects.toThrow("400 Bad Request");
});
