import axe from "axe-core";
import type {Browser, Page} from "playwright-core";
import {expect} from "vitest";
import {openPage, settle} from "./browser.js";
import type {SiteServer} from "./browser.js";

/** In the page: texts whose contrast with what is behind them is under 4.5 to 1 (WCAG 2.2, 1.4.3). */
export const faintTexts = `(() => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const bytes = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const linear = (byte) => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (element) => {
    const colour = bytes(getComputedStyle(element).backgroundColor);
    return colour[3] === 255 || !element.parentElement ? colour : ground(element.parentElement);
  };
  const holds = (outer, inner) =>
    outer.left <= inner.left + 1 && outer.right >= inner.right - 1 && outer.top <= inner.top + inner.height / 2 && outer.bottom >= inner.bottom - inner.height / 2;
  const shape = ({previousElementSibling: one}, box) =>
    one?.matches("circle, rect") && holds(one.getBoundingClientRect(), box) ? one : undefined;
  const contrast = (element) => {
    const style = getComputedStyle(element);
    const text = light(bytes(element instanceof SVGElement ? style.fill : style.color));
    const under = element instanceof SVGElement && shape(element, element.getBoundingClientRect()); // what a text of a drawing stands on
    const behind = light(under ? bytes(getComputedStyle(under).fill) : ground(element));
    return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("main *, nav *, footer *")]
    .filter((element) => own(element) && element.checkVisibility() && contrast(element) < 4.5)
    .map((element) => contrast(element).toFixed(2) + " " + element.textContent.trim());
})()`;

/** What axe-core finds on an open page (WCAG 2.2 A and AA, and good practice): the rule and where. */
export async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({content: axe.source});
  const found = await page.evaluate(() => (window as unknown as {axe: typeof axe}).axe.run());
  return found.violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 120)).join(" ")}`);
}

/** Which page, and how it is looked at. */
export interface Look {
  readonly path: string; // below the base
  readonly width: number; // CSS pixels
  readonly now?: number; // ms since 1970, by the reader's clock
  /** What else is to be looked at, in each of the two schemes. */
  readonly then?: (page: Page, scheme: "light" | "dark") => Promise<void>;
}

/** Opens a page of a built site and expects it whole, quiet, readable, and from its own host alone, light and dark. */
export async function examinePage(browser: Browser, server: SiteServer, look: Look): Promise<void> {
  const {path, width, now, then} = look;
  const {page, faults, requests} = await openPage(browser, {width});
  if (now !== undefined) await page.clock.setFixedTime(now);
  await page.goto(server.url + path);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({colorScheme});
    await settle(page);
    await expectWhole(page, path);
    await then?.(page, colorScheme);
  }
  expect(faults, path).toEqual([]);
  expect(requests.filter((url) => !url.startsWith(server.origin) && !url.startsWith("data:"))).toEqual([]);
  await page.close();
}

async function expectWhole(page: Page, path: string): Promise<void> {
  const seen = await page.evaluate(() => ({
    errors: document.querySelectorAll(".observablehq--error").length,
    language: document.documentElement.lang,
    viewport: document.querySelector<HTMLMetaElement>('meta[name="viewport"]')!.content,
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    text: document.querySelector("main")!.textContent.length,
    figures: document.querySelectorAll("figure.chart").length,
    marks: document.querySelectorAll("figure.chart .line").length
  }));
  expect(seen, path).toMatchObject({errors: 0, language: "en", overflow: 0});
  expect(seen.viewport).not.toMatch(/maximum-scale|user-scalable/);
  expect(seen.text).toBeGreaterThan(50);
  expect(seen.marks).toBeGreaterThanOrEqual(seen.figures);
  if (/^(compare|sites|parameters)\b/.test(path)) expect(seen.figures, path).toBeGreaterThan(0);
}
