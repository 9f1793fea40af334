import {isGlob} from "../../pond/glob.js";
import {childOf, isWithin, namesOf, normalize} from "../../pond/path.js";
import type {Reader} from "../../pond/types.js";

/** As many links as are followed on one path. */
const mostLinks = 40;

/**
 * Where paths and patterns lead by way of links that people put into the pond, each that leads elsewhere by how it is
 * written. Links among what a wildcard matches are not looked at, nor is what is computed; an output stays what it is.
 */
export async function landingsOf(paths: Iterable<string>, fs: Reader): Promise<ReadonlyMap<string, string>> {
  const found = [...paths].map(async (path) => [path, await landingOf(normalize(path), fs)] as const);
  const landings = await Promise.all(found);
  return new Map(landings.filter(([path, landing]) => landing !== normalize(path)));
}

async function landingOf(path: string, fs: Reader): Promise<string> {
  let [place, ahead] = ["/", namesOf(path)];
  for (let links = 0; ahead.length > 0 && !isGlob(ahead[0]!);) {
    const next = childOf(place, ahead[0]!);
    const target = await fs.readlink(next);
    const landing = target === undefined ? undefined : normalize(target, place);
    if (landing !== undefined && !isWithin(landing, "/sys") && links < mostLinks) {
      links++;
      [place, ahead] = ["/", [...namesOf(landing), ...ahead.slice(1)]];
    } else if (landing === undefined && (await isStored(next, fs))) [place, ahead] = [next, ahead.slice(1)];
    else break;
  }
  return ahead.reduce(childOf, place);
}

/** Whether a directory is there that holds what was put into it. */
async function isStored(path: string, fs: Reader): Promise<boolean> {
  return (await fs.exists(path)) && (await fs.lstat(path)).kind === "directory";
}
