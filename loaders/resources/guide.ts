import {readFile} from "node:fs/promises";
import {join} from "node:path";

/** The resource by which the guide in this folder shows a kind and every field of it; none for a kind that it lacks. */
export async function exampleOf(kind: string): Promise<string | undefined> {
  const text = await readFile(join(import.meta.dirname, "../README.md"), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${kind}\n`));
  return /^```yaml\n(.*?)^```$/ms.exec(section ?? "")?.[1];
}
