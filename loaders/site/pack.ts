import type {Catalogue, PackedCatalogue, ResolutionEntry, ShardEntry} from "../types.js";

/** Where a shard begins, as it stands in its file's name: "2025-04-01", or "2025-04-01T0730" where that is no midnight. */
export function stampOf(begin: ShardEntry["begin"]): string {
  const [date, clock] = begin.slice(0, 19).split("T");
  const digits = clock!.replaceAll(":", "").replace(/^(\d{4})00$/, "$1");
  return digits === "0000" ? date! : `${date!}T${digits}`;
}

/** The catalogue in the form in which it is written; the pages unpack it. */
export function pack({datasets, overlays, ...rest}: Catalogue): PackedCatalogue {
  const packed = overlays ? {overlays: overlays.map(packShards)} : {};
  return {...rest, datasets: datasets.map(packShards), ...packed};
}

function packShards<T extends Folder>({resolutions, ...rest}: T) {
  return {...rest, resolutions: resolutions.map((one) => ({...one, shards: stemsOf(rest.name, one)}))};
}

/** What has shards at several resolutions, in a folder that is named for it. */
interface Folder {
  readonly name: string;
  readonly resolutions: readonly ResolutionEntry[];
}

function stemsOf(owner: string, {name, shards}: ResolutionEntry): string[] {
  const folder = `${owner}/${name}/`;
  return shards.flatMap(({file, begin, end}, index) => {
    const stem = file.slice(folder.length, -".parquet".length);
    if (file !== `${folder}${stem}.parquet` || !stem.startsWith(`${stampOf(begin)}-`))
      throw new Error(`The shard ${file} is not named by where it begins, ${begin}.`);
    return shards[index + 1]?.begin === end ? [stem] : [stem, stampOf(end)];
  });
}
