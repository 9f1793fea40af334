import {existsSync} from "node:fs";
import {join} from "node:path";
import {describe} from "vitest";

const folder = join(import.meta.dirname, "../../shared/data");

/** Where a file or folder of the real measurements is, which lie beside the project and not in it. */
export function shared(path: string): string {
  return join(folder, path);
}

/** Tests that need real measurements: skipped, saying so in their name, where those are absent. */
export function describeShared(name: string, path: string, body: () => void): void {
  if (existsSync(shared(path))) describe(name, body);
  else describe.skip(`${name} (skipped: ../shared/data/${path} is absent)`, body);
}
