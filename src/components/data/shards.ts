import type {
  Catalogue,
  DatasetEntry,
  OverlayEntry,
  Packed,
  PackedCatalogue,
  PackedResolution,
  ResolutionEntry,
  ShardEntry
} from "../../../loaders/types.js";

/** The catalogue from the form in which it is written (loaders/pack.ts); shards are listed when they are asked for. */
export function unpack({datasets, overlays, ...rest}: PackedCatalogue): Catalogue {
  const unpacked = overlays ? {overlays: overlays.map((one) => unpackShards<OverlayEntry>(one))} : {};
  return {...rest, datasets: datasets.map((one) => unpackShards<DatasetEntry>(one)), ...unpacked};
}

function unpackShards<T extends {readonly name: string}>(packed: Packed<T> & {readonly name: string}): T {
  const resolutions = packed.resolutions.map((one) => unpackResolution(one, `${packed.name}/${one.name}`));
  return {...packed, resolutions} as unknown as T;
}

function unpackResolution({shards: stems, ...resolution}: PackedResolution, folder: string): ResolutionEntry {
  let shards: readonly ShardEntry[] | undefined;
  return {
    ...resolution,
    get shards() {
      return (shards ??= shardsOf(stems, folder));
    }
  };
}

/** "2025-04-01-1a2b3c4d", "2025-04-01T0730-1a2b3c4d", or where the one before ends: "2025-07-01". */
const stemPattern = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(\d\d)(\d\d)?)?(-[0-9a-f]+)?$/;

function shardsOf(stems: readonly string[], folder: string): readonly ShardEntry[] {
  const marks = stems.map((stem) => {
    const [, date, hour = "00", minute = "00", second = "00", key] = stemPattern.exec(stem)!;
    return {stem, key, begin: `${date}T${hour}:${minute}:${second}.000Z`};
  });
  return marks.flatMap(({stem, key, begin}, index) =>
    key ? [{file: `${folder}/${stem}.parquet`, begin, end: marks[index + 1]!.begin}] : []
  );
}
