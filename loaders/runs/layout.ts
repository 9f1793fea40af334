import {posix} from "node:path";
import {isDeepStrictEqual} from "node:util";
import {PondError} from "../../pond/error.js";
import {normalize} from "../../pond/path.js";
import type {Reader, Transaction} from "../../pond/types.js";
import type {Applied} from "../resources/applied.js";
import {renewed} from "../resources/former.js";
import {interpolate} from "../resources/interpolation.js";
import {targetIn} from "../series/place.js";
import type {Kind} from "../types.js";

/** What the pond holds for a resource whose kind computes a directory. */
export interface Layout {
  readonly path: string; // of the dynamic directory
  readonly output?: string; // of the symbolic link to the one series in it
  readonly factory: string;
  readonly config: unknown;
  readonly spec: unknown; // what the kind's schema makes of the config
}

/** What a resource asks for; undefined for kinds that compute nothing, and for a form that this program cannot read. */
export function layoutOf(
  {kind: name, spec}: Pick<Applied, "kind" | "spec">,
  kinds: readonly Kind[]
): Layout | undefined {
  const kind = kinds.find((one) => one.name === name);
  if (!kind?.dynamic) return undefined;
  const config = interpolate(spec, {env: undefined, complain: () => {}});
  const parsed = kind.schema.safeParse(renewed(config, kind.schema));
  if (!parsed.success) return undefined;
  const output = kind.dynamic.output?.(parsed.data);
  const path = normalize(kind.dynamic.path(parsed.data));
  return {path, ...(output === undefined ? {} : {output: normalize(output)}), factory: name, config, spec: parsed.data};
}

export function isSamePlace(a: Layout, b: Layout | undefined): boolean {
  return a.path === b?.path && a.output === b.output && a.factory === b.factory;
}

/** Whether all of it stands as it was laid, and nothing else in its place. */
export async function stands(fs: Reader, {path, output, factory, config}: Layout): Promise<boolean> {
  if (output !== undefined && (await fs.readlink(output)) !== targetIn(path)) return false;
  if (!(await fs.exists(path))) return false;
  const {kind, attributes} = await fs.lstat(path);
  return kind === "dynamic" && attributes.factory === factory && isDeepStrictEqual(attributes.config, config);
}

/** Makes the directory and the link; writes only what changed. Throws PondError when something else stands there. */
export async function lay(tx: Transaction, {path, output, factory, config}: Layout): Promise<void> {
  if (output !== undefined) await link(tx, output, targetIn(path));
  if (await tx.exists(path)) {
    const {kind, attributes} = await tx.lstat(path);
    if (kind !== "dynamic") throw taken(path, kind);
    const isSame = attributes.factory === factory && isDeepStrictEqual(attributes.config, config);
    if (!isSame) await tx.dynamic(path, factory, config);
  } else await tx.dynamic(path, factory, config);
}

async function link(tx: Transaction, output: string, target: string): Promise<void> {
  const found = await tx.readlink(output);
  if (found === target) return;
  if (found?.startsWith("/sys/"))
    await tx.remove(output); // of a resource that was here before
  else if (found !== undefined || (await tx.exists(output)))
    throw taken(output, found === undefined ? (await tx.stat(output)).kind : "symlink");
  await tx.mkdir(posix.dirname(output), {recursive: true});
  await tx.symlink(target, output);
}

/** Takes the link and the directory away, as far as they are still this layout's. */
export async function unlay(tx: Transaction, {path, output, factory}: Layout): Promise<void> {
  if (output !== undefined && (await tx.readlink(output)) === targetIn(path)) await tx.remove(output);
  if (!(await tx.exists(path))) return;
  const {kind, attributes} = await tx.lstat(path);
  if (kind === "dynamic" && attributes.factory === factory) await tx.remove(path);
}

function taken(path: string, kind: string): PondError {
  return new PondError("EXISTS", `${path} is a ${kind} already: give what is computed another output.`, {path, kind});
}
