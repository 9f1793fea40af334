import {mkdir, rm} from "node:fs/promises";
import {join} from "node:path";
import type {Duck} from "../../pond/duck.js";
import {isOtherEncoding, withOneEncoding} from "./encoding.js";
import type {Counted} from "./host.js";
import {withOneNewline} from "./newline.js";
import {isCsv, openSource, wrongWith} from "./open.js";
import {isRagged, OtherColumns, withoutRagged} from "./ragged.js";
import type {Cut, How, Source} from "./source.js";
import {storeFile} from "./stored.js";
import type {Stored, Storing} from "./stored.js";
import {noTimeIn, withoutUntimely} from "./untimely.js";

interface Mending {
  readonly how: How;
  readonly storing: Storing;
  readonly ahead: () => Promise<number>; // lines of the file before the first of these, where they are its tail
}

/** So often a file is looked at. */
const most = 6;

/**
 * Stores what a file brings, all of it or nothing, but for lines that a failure of power left: those are left out, and
 * told. Lines may end in two ways, and be in two encodings. Throws what was wrong at first where that is not all.
 */
export async function storeMended(duck: Duck, path: string, {how, storing, ahead}: Mending): Promise<Stored> {
  const left = {ragged: [] as number[], untimely: [] as number[]};
  let at: Omit<Cut, "left"> = {path, isSame: true};
  let own = path; // whose lines are numbered as the file's
  let first: unknown; // of its errors
  const refuse = (error: unknown): never => {
    const isOwn = at.path === own || wrongWith(path, error) === undefined;
    throw isOwn ? error : first;
  };
  for (let round = 0; ; round++) {
    const scratch = join(how.scratch, String(round));
    await mkdir(scratch);
    const mine = {...how, scratch};
    let source: Source | undefined;
    try {
      source = await openSource(duck, at.path, mine);
      const {settled, ...stored} = await storeFile(duck, {source, how: mine}, storing);
      const notes = [...(await notesOf(left, ahead)), ...stored.notes];
      return {...stored, ...(settled && at.isSame ? {settled} : {}), notes};
    } catch (error) {
      if (at.path === own) first = error;
      const looking = {duck, path: at.path, how: mine, source};
      const cut = round < most ? await cutFor(error, looking).catch(refuse) : undefined;
      if (cut === undefined) return refuse(error);
      if (cut.why !== "form") left[cut.why].push(...originals(cut.left, [...left.ragged, ...left.untimely]));
      else if (at.path === own) own = cut.path;
      at = {path: cut.path, isSame: at.isSame && cut.isSame};
      if (round > 0) await rm(join(how.scratch, String(round - 1)), {recursive: true}); // a file may be large
    }
  }
}

interface Looking {
  readonly duck: Duck;
  readonly path: string;
  readonly how: How;
  readonly source: Source | undefined; // as far as it was opened
}

/** Lines that were left out, and why; of those that are of another form nothing is left out, and nothing told. */
type Why = "ragged" | "untimely" | "form";

/** The file without the lines that an error is about; undefined where they are not such as may be left out. */
async function cutFor(
  error: unknown,
  {duck, path, how, source}: Looking
): Promise<(Cut & {readonly why: Why}) | undefined> {
  const wrong = noTimeIn(error);
  if (wrong) {
    const cut = source?.lines && (await withoutUntimely(wrong, source.lines, how.scratch));
    return cut && {...cut, isSame: source?.settled !== undefined, why: "untimely"};
  }
  if (wrongWith(path, error) === undefined) return undefined;
  try {
    const even = await withOneNewline(path, how.scratch);
    if (even) return {...even, why: "form"};
    if (isCsv(path) && isOtherEncoding(error)) return {...(await withOneEncoding(path, how.scratch)), why: "form"};
    const cut = isRagged(error) ? await withoutRagged(duck, path, how) : undefined;
    return cut && {...cut, why: "ragged"};
  } catch (twice) {
    if (twice instanceof OtherColumns || wrongWith(path, twice) === undefined) throw twice;
    return undefined;
  }
}

/** Numbers of lines as they were before others had been left out. */
function originals(lines: readonly number[], before: readonly number[]): readonly number[] {
  const rising = [...before].sort((a, b) => a - b);
  return lines.map((line) => rising.reduce((number, left) => (left <= number ? number + 1 : number), line));
}

const reasons: Readonly<Record<Exclude<Why, "form">, readonly [one: string, more: string]>> = {
  ragged: ["which has fewer values than the header, or more", "which have fewer values than the header, or more"],
  untimely: ["whose time cannot be read", "whose times cannot be read"]
};

async function notesOf(left: Readonly<Record<keyof typeof reasons, readonly number[]>>, ahead: () => Promise<number>) {
  const notes: Counted[] = [];
  for (const why of ["ragged", "untimely"] as const) {
    const lines = left[why];
    if (lines.length === 0) continue;
    const first = Math.min(...lines) + (await ahead());
    const [one, more] = reasons[why];
    const tell = (count: number) =>
      count === 1 ? `line ${first} left out, ${one}` : `${count} lines left out, from line ${first} on, ${more}`;
    notes.push({of: why, count: lines.length, tell});
  }
  return notes;
}
