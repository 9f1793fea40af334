import type {Shades} from "../types.js";

/** The grounds that text and lines stand on, at their worst: a card on light, the page on dark (src/style.css). */
const grounds = {light: [0xf6, 0xf6, 0xf6], dark: [0x1e, 0x1e, 0x1e]} as const;

const wanted = 4.5; // to 1: what WCAG 2.2 asks of text, 1.4.3

type Rgb = readonly [number, number, number]; // 0 to 255

/** A colour (#rrggbb) darkened for light ground, and lightened for dark, as little as makes it stand out. */
export function shadesOf(hex: string): Shades {
  const colour = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
  return {light: towards(0, colour, grounds.light), dark: towards(255, colour, grounds.dark)};
}

function towards(end: number, colour: Rgb, ground: Rgb): string {
  for (let share = 0; ; share += 0.02) {
    const mixed = colour.map((part) => Math.round(part + (end - part) * share)) as unknown as Rgb;
    if (contrastOf(mixed, ground) >= wanted)
      return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  }
}

/** How far two colours are apart, 1 to 21 (WCAG 2.2, "contrast ratio"). */
function contrastOf(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
