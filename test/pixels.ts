import {existsSync} from "node:fs";
import {mkdir, readFile, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import process from "node:process";
import pixelmatch from "pixelmatch";
import type {Browser, Page} from "playwright-core";
import {PNG} from "pngjs";

/** What pages look like, kept as pictures in `test/src/pixels` and compared with what they look like now. */

const folder = join(import.meta.dirname, "src/pixels");
const keeping = process.env.PIXELS === "keep";

/** As much of a page as stands in a window at first; but for the address that it was served from. */
export async function pictureOf(page: Page): Promise<Buffer> {
  const mask = [page.locator("dd", {hasText: "http://127.0.0.1"})];
  return page.screenshot({animations: "disabled", caret: "hide", mask});
}

/** Differing pixels in any square of so many a side: letters that moved are more, edges smoothed otherwise fewer. */
const [side, most] = [16, 24];

/** Says where a picture differs from the one that is kept, or keeps it when told to; nothing where it does not. */
export async function differenceFrom(name: string, picture: Buffer): Promise<string[]> {
  const file = join(folder, `${name}.png`);
  if (keeping) {
    await mkdir(folder, {recursive: true});
    await writeFile(file, packed(picture));
    return [];
  }
  if (!existsSync(file)) return [`${name}: there is no picture of it yet`];
  const [kept, now] = [PNG.sync.read(await readFile(file)), PNG.sync.read(picture)];
  const {width, height} = kept;
  if (now.width !== width || now.height !== height)
    return [`${name}: it is ${now.width} × ${now.height} pixels, and was ${width} × ${height}`];
  const shown = new PNG({width, height});
  const count = pixelmatch(kept.data, now.data, shown.data, width, height, {threshold: 0.1, windowSize: side});
  if (count <= most) return [];
  const path = join(tmpdir(), `duckpond-${name}`);
  await writeFile(`${path}-now.png`, picture);
  await writeFile(`${path}-difference.png`, PNG.sync.write(shown));
  const where = `see ${path}-now.png and ${path}-difference.png`;
  return [`${name}: ${count} pixels of a square of ${side} a side differ, ${where}`];
}

const step = 17; // sixteen shades of each colour: a third of the bytes, and nearer than what counts as different

/** As small as it gets: no alpha, fewer shades, no filter, which even ground and letters are better without. */
function packed(picture: Buffer): Buffer {
  const png = PNG.sync.read(picture);
  png.data.forEach((value, index) => (png.data[index] = Math.round(value / step) * step));
  return PNG.sync.write(png, {colorType: 2, deflateLevel: 9, deflateStrategy: 0, filterType: 0});
}

/** What pictures depend on beside the pages: the browser, and the letters that it has. */
interface Drawer {
  readonly browser: string; // its version
  readonly letters: number; // CSS pixels, the width of a few words
}

/** Why pictures of this browser cannot be compared with those that are kept; undefined where they can. */
export async function otherDrawer(browser: Browser, page: Page): Promise<string | undefined> {
  const now: Drawer = {browser: browser.version(), letters: await page.evaluate<number>(widthOfWords)};
  const file = join(folder, "drawer.json");
  if (keeping) {
    await mkdir(folder, {recursive: true});
    await writeFile(file, `${JSON.stringify(now, null, 2)}\n`);
    return undefined;
  }
  const kept = JSON.parse(await readFile(file, "utf8")) as Drawer;
  if (kept.browser === now.browser && kept.letters === now.letters) return undefined;
  return `the pictures that are kept were drawn by Chromium ${kept.browser}, where a few words are ${kept.letters} pixels wide; this is ${now.browser}, where they are ${now.letters}`;
}

const widthOfWords = `(() => {
  const context = document.createElement("canvas").getContext("2d");
  return ["sans-serif", "serif", "monospace"].reduce((sum, family) => {
    context.font = "16px " + family;
    return sum + context.measureText("Dissolved oxygen, 8.31 mg/L").width;
  }, 0);
})()`;
