import type {Reader} from "../../pond/types.js";

/** A resource as the pond keeps it. */
export interface Applied {
  readonly uuid: string; // given once, kept through every edit and renaming
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  readonly spec: unknown; // as it is written, without secrets
}

/** Where in the pond the applied form of a resource stands. */
export function formOf({kind, name}: Pick<Applied, "kind" | "name">): string {
  return `/sys/resources/${kind}/${name}`;
}

/** The resources that a pond keeps, by kind and name. */
export async function appliedIn(fs: Reader): Promise<readonly Applied[]> {
  const found = await fs.glob(formOf({kind: "*", name: "*"}));
  const texts = await Promise.all(found.map(({path}) => fs.read(path)));
  return texts.map((text) => JSON.parse(new TextDecoder().decode(text)) as Applied);
}
