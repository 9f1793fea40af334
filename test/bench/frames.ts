import type {Page} from "playwright-core";

/** How smoothly a chart moves. */
export interface Frames {
  readonly perSecond: number;
  readonly workMs: number; // what scripts, style and layout take of a frame; of a hundred frames five take longer
}

/** Drags the first chart with shift held, back through the record as far as it goes in a few seconds. */
export async function frames(page: Page): Promise<Frames> {
  const box = (await page.locator("figure.chart").first().boundingBox())!;
  const [from, to, y] = [box.x + 80, box.x + box.width - 40, box.y + 80];
  await page.mouse.move(from, y);
  await page.waitForTimeout(1000); // what lies beside is fetched
  await page.keyboard.down("Shift");
  await page.evaluate(record);
  const until = Date.now() + 4000;
  while (Date.now() < until) {
    await page.mouse.move(from, y);
    await page.mouse.down();
    for (let step = 1; step <= 40; step++) {
      await page.mouse.move(from + ((to - from) * step) / 40, y);
      await page.waitForTimeout(10);
    }
    await page.mouse.up();
  }
  await page.keyboard.up("Shift");
  return page.evaluate(reckon);
}

/** Notes each frame, and what the thread does from its begin until it is free again. */
function record(): void {
  const times: number[] = [];
  const works: number[] = [];
  Object.assign(window, {frames: {times, works}});
  const channel = new MessageChannel();
  let begun = 0;
  channel.port1.onmessage = () => works.push(performance.now() - begun);
  const note = (time: number) => {
    times.push(time);
    begun = performance.now();
    channel.port2.postMessage(undefined);
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}

function reckon(): Frames {
  const {times, works} = (window as unknown as {frames: {times: number[]; works: number[]}}).frames;
  const sorted = works.toSorted((a, b) => a - b);
  const perSecond = (1000 * (times.length - 1)) / (times.at(-1)! - times[0]!);
  return {perSecond, workMs: sorted[Math.floor(sorted.length * 0.95)]!};
}
