import fc from "fast-check";
import {expect, test} from "vitest";
import {layOut, markerSize} from "../../src/components/parts/place.js";
import type {Box, Place} from "../../src/components/parts/place.js";

/** A plain map of sites: nothing on something else, nothing outside. */

const harbour: readonly Place[] = [
  {label: "Inner Basin", longitude: -123.8036, latitude: 39.4261},
  {label: "Harbour Mouth", longitude: -123.8117, latitude: 39.4249},
  {label: "River Pier", longitude: -123.7982, latitude: 39.4243}
];
const wide = {width: 700, height: 300};
const narrow = {width: 320, height: 220};

function boxesOf({markers}: ReturnType<typeof layOut>): Box[] {
  const half = markerSize / 2;
  return markers.flatMap(({x, y, label}) => [
    {x: x - half, y: y - half, width: markerSize, height: markerSize},
    ...(label ? [label] : [])
  ]);
}

function overlaps(boxes: readonly Box[]): number {
  const apart = (a: Box, b: Box) =>
    a.x + a.width <= b.x + 0.1 ||
    b.x + b.width <= a.x + 0.1 ||
    a.y + a.height <= b.y + 0.1 ||
    b.y + b.height <= a.y + 0.1;
  return boxes.flatMap((a, index) => boxes.slice(index + 1).filter((b) => !apart(a, b))).length;
}

test("north is up, east is right, distances are true", () => {
  const {markers, scale} = layOut(harbour, wide);
  const [basin, mouth, river] = markers;
  expect(mouth!.trueX).toBeLessThan(basin!.trueX);
  expect(river!.trueX).toBeGreaterThan(basin!.trueX);
  expect(river!.trueY).toBeGreaterThan(basin!.trueY);
  // From the mouth to the pier it is 1163 m (haversine, radius 6371 km).
  const pixels = Math.hypot(river!.trueX - mouth!.trueX, river!.trueY - mouth!.trueY);
  const [, length, unit] = /^(\d+) (k?m)$/.exec(scale.label)!;
  const metres = (pixels / scale.pixels) * Number(length) * (unit === "km" ? 1000 : 1);
  expect(metres).toBeGreaterThan(1145);
  expect(metres).toBeLessThan(1180);
});

test("the lines around are labelled by degrees", () => {
  const {meridians, parallels} = layOut(harbour, wide);
  expect(meridians.length).toBeGreaterThan(1);
  expect(meridians[0]!.label).toMatch(/^123\.8\d+° W$/);
  expect(parallels.every(({label}) => /^39\.4\d+° N$/.test(label))).toBe(true);
});

test("one site stands in the middle, of a map of a kilometre", () => {
  const {markers, scale} = layOut(harbour.slice(0, 1), wide);
  expect(markers[0]).toMatchObject({x: 350, y: 150, trueX: 350, trueY: 150});
  expect(scale.label).toBe("500 m");
});

test("sites on both sides of the date line are neighbours", () => {
  const {markers, meridians} = layOut(
    [
      {label: "Fiji", longitude: 179, latitude: -17},
      {label: "Samoa", longitude: -172, latitude: -14}
    ],
    wide
  );
  expect(markers[1]!.trueX - markers[0]!.trueX).toBeGreaterThan(200);
  expect(meridians.map(({label}) => label)).toContain("180° W");
});

test("sites close together are moved apart, each with a line to where it is", () => {
  const cluster = [...harbour, {label: "Basin, bottom", longitude: -123.8036, latitude: 39.4261}];
  for (const frame of [wide, narrow]) {
    const laid = layOut(cluster, frame);
    expect(overlaps(laid.markers.map(({label}) => label!))).toBe(0);
    for (const [index, {x, y}] of laid.markers.entries())
      for (const other of laid.markers.slice(index + 1))
        expect(Math.hypot(other.x - x, other.y - y)).toBeGreaterThan(markerSize - 0.1);
    expect(laid.markers[3]!.trueX).toBe(laid.markers[0]!.trueX);
    expect(laid.markers.every(({label}) => label)).toBe(true);
  }
});

test("whatever the sites: markers and labels lie in the frame, no label on anything, up to ten of them apart", () => {
  const place = fc.record({
    label: fc.string({minLength: 1, maxLength: 16}),
    longitude: fc.double({min: -180, max: 180, noNaN: true}),
    latitude: fc.double({min: -90, max: 90, noNaN: true})
  });
  fc.assert(
    fc.property(fc.array(place, {minLength: 1, maxLength: 10}), fc.constantFrom(wide, narrow), (places, frame) => {
      const laid = layOut(places, frame);
      for (const {x, y, width, height} of boxesOf(laid)) {
        expect(x).toBeGreaterThanOrEqual(-0.001);
        expect(y).toBeGreaterThanOrEqual(-0.001);
        expect(x + width).toBeLessThanOrEqual(frame.width + 0.001);
        expect(y + height).toBeLessThanOrEqual(frame.height + 0.001);
      }
      const labels = laid.markers.flatMap(({label}) => label ?? []);
      const markers = boxesOf({...laid, markers: laid.markers.map(({label: _, ...marker}) => marker)});
      expect(overlaps(labels)).toBe(0);
      for (const label of labels) expect(overlaps([label, ...markers])).toBe(overlaps(markers));
      expect(laid.scale.pixels).toBeGreaterThan(0);
      expect(laid.scale.pixels).toBeLessThanOrEqual(frame.width / 4 + 1);
    })
  );
});
