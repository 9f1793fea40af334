import type {Page} from "playwright-core";
import {settle} from "../browser.js";

/** What a change of the visible range costs on a page that is open. */
export interface Change {
  readonly button: string;
  readonly requests: number; // for data
  readonly bytes: number; // of data, over the wire
  readonly redrawMs: number; // from the last byte until all charts in sight are drawn and painted
}

/** Presses each button for a range, and those that zoom and move. */
export async function changes(page: Page): Promise<Change[]> {
  const names = await page.locator(".toolbar .buttons button").allTextContents();
  await page.evaluate(watch);
  const found: Change[] = [];
  for (const name of [...names.filter((one) => one !== "30d"), "30d", "+", "−"]) found.push(await press(page, name));
  return found;
}

async function press(page: Page, name: string): Promise<Change> {
  await page.evaluate(() => Object.assign(window, {pressed: performance.now()}));
  await page.locator(".toolbar .buttons button", {hasText: name}).first().click();
  await settle(page);
  await page.waitForTimeout(100);
  return {button: name, ...(await page.evaluate(costs))};
}

/** Remembers when anything of a chart was last changed, and the frame after it. */
function watch(): void {
  performance.setResourceTimingBufferSize(10_000);
  Object.assign(window, {placed: 0});
  const note = () => requestAnimationFrame(() => setTimeout(() => Object.assign(window, {placed: performance.now()})));
  for (const figure of document.querySelectorAll("figure.chart"))
    new MutationObserver(note).observe(figure, {subtree: true, childList: true, attributes: true});
}

function costs() {
  const {pressed, placed} = window as unknown as {pressed: number; placed: number};
  const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  const data = entries.filter((entry) => entry.startTime >= pressed && entry.name.includes(".parquet"));
  const last = Math.max(pressed, ...data.map(({responseEnd}) => responseEnd));
  const bytes = data.reduce((sum, {transferSize}) => sum + transferSize, 0);
  return {requests: data.length, bytes, redrawMs: Math.max(0, placed - last)};
}
