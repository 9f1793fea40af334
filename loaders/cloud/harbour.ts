import {normal, streamOf, uniform, wander} from "./noise.js";

/**
 * The water of a harbour that does not exist, as functions of time. Believable, not a model of anywhere: each effect is
 * there because instruments in real harbours show it. Times are milliseconds since 1970, UTC.
 */

/** Where an instrument hangs. */
export interface Mooring {
  readonly site: string;
  readonly level: "surface" | "bottom";
  readonly depth: number; // mean depth of the instrument, m
  readonly river: number; // how much the river is felt: 0 open sea, 1 in its mouth
  readonly shelter: number; // how little water is exchanged: 0 open, 1 enclosed
}

/** What an instrument measures, in the order of its columns: parameter, unit, and the decimals that it reports. */
export const measured = [
  {parameter: "Depth", unit: "m", decimals: 3},
  {parameter: "Temperature", unit: "C", decimals: 2},
  {parameter: "Salinity", unit: "psu", decimals: 2},
  {parameter: "DO", unit: "mg/L", decimals: 2},
  {parameter: "pH", unit: "pH", decimals: 2},
  {parameter: "Battery", unit: "V", decimals: 2}
] as const;

/** Sensors that now and then repeat one value for hours. */
const sticky = new Set<string>(["Salinity", "DO"]);

const hour = 3_600_000;
const day = 24 * hour;
const year = 365.2425 * day;

// ---- Tide ----

/** Speeds in degrees per hour (Schureman, "Manual of Harmonic Analysis and Prediction of Tides", 1958); metres, degrees. */
const constituents = [
  {name: "M2", speed: 28.9841042, amplitude: 0.92, phase: 191},
  {name: "S2", speed: 30.0, amplitude: 0.27, phase: 214},
  {name: "N2", speed: 28.4397295, amplitude: 0.2, phase: 168},
  {name: "K1", speed: 15.0410686, amplitude: 0.39, phase: 231},
  {name: "O1", speed: 13.9430356, amplitude: 0.24, phase: 215},
  {name: "P1", speed: 14.9589314, amplitude: 0.12, phase: 227},
  {name: "M4", speed: 57.9682084, amplitude: 0.03, phase: 40}
];

/** Height of the tide above mean sea level, m. */
export function tide(time: number): number {
  let height = 0;
  for (const {speed, amplitude, phase} of constituents)
    height += amplitude * Math.cos(((speed * (time / hour) - phase) * Math.PI) / 180);
  return height;
}

// ---- Weather and seasons ----

/** Streams of chance that every instrument shares. */
const weather = {
  clouds: streamOf("clouds"),
  rain: streamOf("rain"),
  rainBegin: streamOf("rain.begin"),
  rainAmount: streamOf("rain.amount"),
  surge: streamOf("surge")
};

/** 1 at the height of summer (early August in water), −1 in the depth of winter. */
function season(time: number): number {
  return Math.cos((2 * Math.PI * (time - Date.UTC(1970, 7, 5))) / year);
}

/** The sun's share of the day: 0 by night, 1 at noon in summer. Noon is at 20:00 UTC, as on the coast of California. */
function daylight(time: number): number {
  const noon = Math.cos((2 * Math.PI * (time / hour - 20)) / 24);
  return Math.max(0, noon * 0.75 + season(time) * 0.2 + 0.05);
}

/** 0 clear, 1 overcast. */
function clouds(seed: number, time: number): number {
  const far = wander(seed, weather.clouds, {time, period: 3 * day});
  return Math.min(1, Math.max(0, 0.45 + 0.55 * far - 0.15 * season(time)));
}

const slot = 2 * day; // at most one rain in each
const memory = 12; // slots after which a rain is forgotten

interface Rain {
  readonly begin: number; // ms; after every time when the slot stayed dry
  readonly amount: number;
}

const rains = new Map<number, Map<number, Rain>>(); // by seed; drawn once, since one rain falls on every instrument

function rainIn(seed: number, index: number): Rain {
  let drawn = rains.get(seed);
  if (!drawn) rains.set(seed, (drawn = new Map<number, Rain>()));
  let rain = drawn.get(index);
  if (!rain) drawn.set(index, (rain = drawRain(seed, index)));
  return rain;
}

function drawRain(seed: number, index: number): Rain {
  const begin = (index + uniform(seed, weather.rainBegin, index)) * slot;
  const wet = uniform(seed, weather.rain, index) <= 0.28 - 0.22 * season(begin); // the winter is wet
  const amount = -Math.log(1 - 0.95 * uniform(seed, weather.rainAmount, index)) / 2;
  return {begin: wet ? begin : Infinity, amount};
}

/** What recent rains have left in the river: 0 none, about 1 after a heavy one; it drains over days. */
export function runoff(seed: number, time: number): number {
  const now = Math.floor(time / slot);
  let water = 0;
  for (let index = now - memory; index <= now; index++) {
    const {begin, amount} = rainIn(seed, index);
    if (begin > time) continue;
    const age = (time - begin) / day;
    water += amount * (1 - Math.exp(-age / 0.25)) * Math.exp(-age / 2.6);
  }
  return water;
}

// ---- Water ----

/** Streams of chance of one instrument. */
interface Streams {
  readonly warmth: number;
  readonly bloom: number;
  readonly service: number;
  readonly out: Episodes;
  readonly sensors: readonly {readonly own: number; readonly stuck?: Episodes}[]; // in the order of `measured`
}

/** Where the lengths and begins of a sort of episode are drawn. */
interface Episodes {
  readonly length: number;
  readonly begin: number;
}

const known = new WeakMap<Mooring, Streams>();

function streamsOf(mooring: Mooring): Streams {
  const streams = known.get(mooring) ?? nameStreams(mooring);
  known.set(mooring, streams);
  return streams;
}

function nameStreams({site, level}: Mooring): Streams {
  const episodes = (name: string) => ({length: streamOf(`${name}.length`), begin: streamOf(`${name}.begin`)});
  return {
    warmth: streamOf(`warmth.${site}`),
    bloom: streamOf(`bloom.${site}`),
    service: streamOf(`service.${site}.${level}`),
    out: episodes(`out.${site}.${level}`),
    sensors: measured.map(({parameter}) => {
      const name = `${site}.${level}.${parameter}`;
      return {own: streamOf(name), ...(sticky.has(parameter) ? {stuck: episodes(`stuck.${name}`)} : {})};
    })
  };
}

function temperature(seed: number, mooring: Mooring, time: number): number {
  const surface = mooring.level === "surface";
  const lag = surface ? 0 : 18 * day; // what happens above is felt below later, and less
  const mean = 12.6 + (2.6 + 1.6 * mooring.shelter) * season(time - lag) * (surface ? 1 : 0.65) - (surface ? 0 : 0.9);
  const weather = wander(seed, streamsOf(mooring).warmth, {time: time - lag / 6, period: 5 * day});
  const sun = daylight(time - 3 * hour) * (1 - 0.7 * clouds(seed, time)) * (0.7 + mooring.shelter);
  const upwelling = tide(time) * (surface ? -0.12 : -0.35); // the flood brings cold water in along the bottom
  return (
    mean + weather * (surface ? 0.9 : 0.5) + (surface ? sun : 0.12 * sun) + upwelling * (1 - 0.5 * mooring.shelter)
  );
}

function salinity(seed: number, mooring: Mooring, time: number): number {
  const felt = mooring.river * (mooring.level === "surface" ? 1 : 0.3);
  const base = 33.4 - 5.5 * felt + 0.3 * season(time);
  const flood = tide(time) * (0.15 + 2.1 * felt);
  const fresh =
    runoff(seed, time - mooring.shelter * 6 * hour) * (1.5 + 14 * felt) * (mooring.level === "surface" ? 1 : 0.4);
  return Math.max(0.2, base + flood - fresh);
}

/**
 * Oxygen that water holds in balance with air, mg/L: Garcia and Gordon, "Oxygen solubility in seawater" (Limnology and
 * Oceanography 37, 1992), coefficients of Benson and Krause in cm³/dm³; °C and psu.
 */
export function oxygenSaturation(celsius: number, psu: number): number {
  const t = Math.log((298.15 - celsius) / (273.15 + celsius));
  const fresh = 2.00907 + t * (3.22014 + t * (4.0501 + t * (4.94457 + t * (-0.256847 + t * 3.88767))));
  const salt = -6.24523e-3 + t * (-7.37614e-3 + t * (-1.0341e-2 + t * -8.17083e-3));
  return 1.42905 * Math.exp(fresh + psu * salt - 4.88682e-7 * psu * psu);
}

/** Oxygen as a share of saturation: light and blooms raise it, the dark and warm mud lower it. */
function oxygenShare(seed: number, mooring: Mooring, time: number): number {
  const surface = mooring.level === "surface";
  const bloom = Math.max(0, wander(seed, streamsOf(mooring).bloom, {time, period: 16 * day}) + 0.3 * season(time));
  const grown = daylight(time - 2 * hour) * (1 - 0.6 * clouds(seed, time)) * (0.05 + 0.22 * bloom);
  const breathed = (surface ? 0.04 : 0.14) * (1 + 0.6 * season(time)) * (0.6 + 0.8 * mooring.shelter);
  return 1.01 + grown * (surface ? 1 : 0.35) - breathed + (surface ? 0.03 : 0.05) * tide(time) * 0.5;
}

function battery(seed: number, mooring: Mooring, time: number): number {
  if (mooring.level === "bottom") return 13.1 - 1.3 * sinceService(seed, mooring, time); // a pack that each service changes
  const charge = daylight(time - 1.5 * hour) * (1 - 0.75 * clouds(seed, time));
  return 12.45 + 0.95 * Math.sqrt(charge) + 0.12 * season(time);
}

// ---- What instruments add ----

const service = 91 * day;

/** 0 right after a service, 1 right before the next; a sensor drifts in between. */
function sinceService(seed: number, mooring: Mooring, time: number): number {
  const shift = uniform(seed, streamsOf(mooring).service, 0);
  const turns = time / service + shift;
  return turns - Math.floor(turns);
}

/** The water as a perfect instrument would see it, then as this one does: drifted, in the order of `measured`. */
function waterAt(seed: number, mooring: Mooring, time: number): number[] {
  const warmth = temperature(seed, mooring, time);
  const salt = salinity(seed, mooring, time);
  const share = oxygenShare(seed, mooring, time);
  const drift = sinceService(seed, mooring, time);
  const surge = 0.12 * wander(seed, weather.surge, {time, period: 2 * day});
  return [
    mooring.depth + (mooring.level === "surface" ? 0.15 : 1) * (tide(time) + surge), // the surface one hangs from a float
    warmth,
    salt + 0.35 * drift,
    oxygenSaturation(warmth, salt) * share * (1 - 0.05 * drift),
    8.04 + 0.45 * (share - 1) - 0.25 * runoff(seed, time) * mooring.river - 0.06 * drift,
    battery(seed, mooring, time)
  ];
}

const sensorNoise = [0.006, 0.02, 0.03, 0.03, 0.006, 0.015];
const spikeHeight = [1.8, 7, -9, 5, -0.9, 0]; // in the unit of each; a battery has none

/** Whether the instrument is out of the water or dead: now and then, for days. */
export function isOut(seed: number, mooring: Mooring, time: number): boolean {
  const often = {every: 270 * day, least: 1.5 * day, most: 6 * day};
  return episode(seed, streamsOf(mooring).out, {time, ...often}) >= 0;
}

interface Span {
  readonly time: number;
  readonly every: number;
  readonly least: number;
  readonly most: number;
}

/** When the episode that holds a time began; −1 when none does. One in each `every`, `least` to `most` long. */
function episode(seed: number, streams: Episodes, {time, every, least, most}: Span): number {
  const turn = Math.floor(time / every);
  const length = least + (most - least) * uniform(seed, streams.length, turn);
  const begin = turn * every + (every - length) * uniform(seed, streams.begin, turn);
  return time >= begin && time < begin + length ? begin : -1;
}

const quarter = 15 * 60_000;

/**
 * The readings of an instrument at a time, in the order of `measured`; NaN where one is missing, undefined while the
 * instrument is out. A pure function of its arguments.
 */
export function readingsAt(seed: number, mooring: Mooring, time: number): number[] | undefined {
  if (isOut(seed, mooring, time)) return undefined;
  const water = waterAt(seed, mooring, time);
  return streamsOf(mooring).sensors.map(({own, stuck}, index) => {
    if (uniform(seed, own ^ 3, Math.floor(time / 1000)) < 1 / 600) return NaN; // lost on the way
    const seen = stuck ? lastSeen(seed, stuck, time) : time;
    const value = seen === time ? water[index]! : waterAt(seed, mooring, seen)[index]!;
    return round(sensed(seed, own, {value, index, count: Math.floor(seen / 1000)}), measured[index]!.decimals);
  });
}

/** A sensor that is stuck shows what it saw when that began. */
function lastSeen(seed: number, stuck: Episodes, time: number): number {
  const began = episode(seed, stuck, {time, every: 210 * day, least: 8 * hour, most: 40 * hour});
  return began < 0 ? time : Math.floor(began / quarter) * quarter;
}

interface Sensed {
  readonly value: number;
  readonly index: number;
  readonly count: number;
}

function sensed(seed: number, stream: number, {value, index, count}: Sensed): number {
  const noisy = value + sensorNoise[index]! * normal(seed, stream, count);
  if (uniform(seed, stream ^ 1, count) >= 1 / 5000) return noisy;
  return noisy + spikeHeight[index]! * (0.4 + 0.6 * uniform(seed, stream ^ 2, count));
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
