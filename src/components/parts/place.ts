/** Where things stand on a plain map: a projection, and room for markers and their labels. Pixels are CSS pixels. */

export interface Place {
  readonly label: string;
  readonly longitude: number; // degrees, east positive
  readonly latitude: number; // degrees, north positive
}

export interface Frame {
  readonly width: number;
  readonly height: number;
}

export interface Laid {
  readonly markers: readonly Marker[]; // in the order of the places
  readonly scale: {readonly pixels: number; readonly label: string};
  readonly meridians: readonly {readonly x: number; readonly label: string}[];
  readonly parallels: readonly {readonly y: number; readonly label: string}[];
}

export interface Marker {
  readonly x: number; // where the marker is drawn
  readonly y: number;
  readonly trueX: number; // where the place is: elsewhere only when another marker would cover it
  readonly trueY: number;
  readonly label?: Box; // none where there is no room for it
}

/** A rectangle by its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const degree = 111_320; // metres, of latitude
const leastSpan = 1000; // metres: closer than this a map shows nothing but the markers
export const markerSize = 24; // what a finger can hit (WCAG 2.2, 2.5.8)
const margin = {x: 60, y: 30}; // parallels are labelled at the left
const [letter, line] = [7.4, 18]; // of a label, width of a character and height

/** Lays places on a frame: as large as they fit, north up, markers and labels not on each other. */
export function layOut(places: readonly Place[], frame: Frame): Laid {
  const projection = projectionOf(places, frame);
  const truth = places.map((place) => projection.toPixels(place));
  const markers = spread(truth, frame);
  const labels = labelBoxes(places, markers, frame);
  return {
    markers: markers.map(({x, y}, index) => ({
      x,
      y,
      trueX: truth[index]!.x,
      trueY: truth[index]!.y,
      ...(labels[index] ? {label: labels[index]} : {})
    })),
    scale: scaleOf(projection.metres, frame),
    ...graticule(projection, frame)
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

// ---- Projection ----

interface Projection {
  readonly metres: number; // per pixel, in the middle
  toPixels(place: {readonly longitude: number; readonly latitude: number}): Point;
  toDegrees(point: Point): {readonly longitude: number; readonly latitude: number};
}

/** Equirectangular, true in the middle: what is a few hundred kilometres wide keeps its shape. */
function projectionOf(places: readonly Place[], {width, height}: Frame): Projection {
  const east = eastOf(places);
  const [west, last] = [Math.min(...places.map(east)), Math.max(...places.map(east))];
  const [south, north] = extent(places.map(({latitude}) => latitude));
  const [longitude, latitude] = [(west + last) / 2, (south + north) / 2];
  const narrow = Math.max(0.01, Math.cos((latitude * Math.PI) / 180));
  const [spanX, spanY] = [(last - west) * degree * narrow, (north - south) * degree];
  const metres = Math.max(
    spanX / (width - 2 * margin.x),
    spanY / (height - 2 * margin.y),
    leastSpan / Math.min(width, height)
  );
  return {
    metres,
    toPixels: (place) => ({
      x: width / 2 + ((east(place) - longitude) * degree * narrow) / metres,
      y: height / 2 - ((place.latitude - latitude) * degree) / metres
    }),
    toDegrees: ({x, y}) => ({
      longitude: longitude + ((x - width / 2) * metres) / (degree * narrow),
      latitude: latitude - ((y - height / 2) * metres) / degree
    })
  };
}

/** Longitudes that lie beside each other: places on both sides of 180° are counted on to the east. */
function eastOf(places: readonly Place[]): (place: {readonly longitude: number}) => number {
  const [west, east] = extent(places.map(({longitude}) => longitude));
  return ({longitude}) => (east - west > 180 && longitude < 0 ? longitude + 360 : longitude);
}

function extent(numbers: readonly number[]): [least: number, greatest: number] {
  return [Math.min(...numbers), Math.max(...numbers)];
}

// ---- Markers and labels ----

/** Moves markers that would cover each other apart, as little as it takes. */
function spread(truth: readonly Point[], {width, height}: Frame): Point[] {
  const points = truth.map(({x, y}) => ({x, y}));
  for (let round = 0; round < 200; round++) {
    let moved = false;
    for (const [index, a] of points.entries())
      for (const [later, b] of points.slice(index + 1).entries()) {
        const distance = Math.hypot(b.x - a.x, b.y - a.y);
        if (distance >= markerSize - 0.01) continue;
        const angle = distance > 0 ? Math.atan2(b.y - a.y, b.x - a.x) : index + later; // any, but always the same
        const push = (markerSize - distance) / 2;
        a.x -= Math.cos(angle) * push;
        a.y -= Math.sin(angle) * push;
        b.x += Math.cos(angle) * push;
        b.y += Math.sin(angle) * push;
        moved = true;
      }
    if (!moved) break;
  }
  const within = (value: number, size: number) => Math.min(size - markerSize / 2, Math.max(markerSize / 2, value));
  return points.map(({x, y}) => ({x: within(x, width), y: within(y, height)}));
}

/** For each place the first box around its marker that is free, near before far; nothing where none is. */
function labelBoxes(places: readonly Place[], markers: readonly Point[], frame: Frame): (Box | undefined)[] {
  const taken: Box[] = markers.map(({x, y}) => ({
    x: x - markerSize / 2,
    y: y - markerSize / 2,
    width: markerSize,
    height: markerSize
  }));
  return places.map(({label}, index) => {
    const size = {width: label.length * letter, height: line};
    const free = candidates(markers[index]!, size).find(
      (box) => isInside(box, frame) && !taken.some((other) => overlap(box, other))
    );
    if (free) taken.push(free);
    return free;
  });
}

/** Right, left, below, above, and between; then the same further away. */
function candidates({x, y}: Point, {width, height}: {readonly width: number; readonly height: number}): Box[] {
  return [0, 1, 2, 3, 4, 5].flatMap((ring) => {
    const away = markerSize / 2 + ring * line;
    const [right, left, middle] = [x + away, x - away - width, x - width / 2];
    const [below, above, level] = [y + away, y - away - height, y - height / 2];
    const corners: [number, number][] = [
      [right, level],
      [left, level],
      [middle, below],
      [middle, above],
      [right, below],
      [right, above],
      [left, below],
      [left, above]
    ];
    return corners.map(([boxX, boxY]) => ({x: boxX, y: boxY, width, height}));
  });
}

function isInside(box: Box, {width, height}: Frame): boolean {
  return box.x >= 2 && box.y >= 2 && box.x + box.width <= width - 2 && box.y + box.height <= height - 2;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

// ---- Scale and lines of equal degrees ----

/** The greatest of 1, 2, 5 times a power of ten that is not more. */
function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((factor) => factor * power).find((step) => step <= value * (1 + 1e-9))!;
}

/** A bar of a round length, about a fifth of the frame. */
function scaleOf(metres: number, {width}: Frame): Laid["scale"] {
  const length = roundDown((width / 4) * metres);
  return {pixels: length / metres, label: length >= 1000 ? `${length / 1000} km` : `${length} m`};
}

/** Meridians and parallels at round degrees, a few of each. */
function graticule(projection: Projection, {width, height}: Frame): Pick<Laid, "meridians" | "parallels"> {
  const [first, last] = [projection.toDegrees({x: 0, y: height}), projection.toDegrees({x: width, y: 0})];
  const meridians = steps(first.longitude, last.longitude, width / 170);
  const parallels = steps(Math.max(-90, first.latitude), Math.min(90, last.latitude), height / 110);
  const {latitude} = first;
  return {
    meridians: meridians.map(({value, digits}) => ({
      x: projection.toPixels({longitude: value, latitude}).x,
      label: degreesOf(((value + 540) % 360) - 180, digits, "EW")
    })),
    parallels: parallels.map(({value, digits}) => ({
      y: projection.toPixels({longitude: first.longitude, latitude: value}).y,
      label: degreesOf(value, digits, "NS")
    }))
  };
}

function steps(from: number, to: number, count: number): {value: number; digits: number}[] {
  const step = roundDown((to - from) / Math.max(1, count));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const begin = Math.ceil(from / step);
  const length = Math.max(0, Math.floor(to / step) - begin + 1);
  return Array.from({length}, (_, index) => ({value: (begin + index) * step, digits}));
}

/** "123.81° W", "39.43° N". */
function degreesOf(value: number, digits: number, [positive, negative]: string): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? "0°" : `${text}° ${value > 0 ? positive : negative}`;
}
