import {existsSync} from "node:fs";
import {join, resolve} from "node:path";
import process from "node:process";
import type {Place} from "../../pond/check.js";
import {PondError} from "../../pond/error.js";
import {LocalStore} from "../../pond/local.js";
import type {Pond} from "../../pond/pond.js";
import {deploymentFrom, openPond} from "../runs/deployment.js";
import type {Deployment} from "../runs/deployment.js";
import {effectsFrom} from "../runs/effects.js";
import {Outlet, type OutputStream} from "./outlet.js";
import {reporterTo} from "../runs/reporter.js";
import type {Terminal} from "../runs/reporter.js";
import type {Effects} from "../types.js";

/** Options that every command takes. */
export interface ShellOptions {
  readonly pond?: string;
  readonly resources?: string;
  readonly debug?: boolean;
}

/** What a command sees of the machine: the deployment that it works on, and where its words go. */
export interface Shell {
  readonly root: string; // the project's directory
  readonly effects: Effects;
  /** Set by a command that finished, but met trouble: the exit status becomes 1. */
  troubled: boolean;
  /** Applies the options that every command takes, before the command's action. */
  configure(options: ShellOptions): void;
  /** The deployment, once the options are applied. */
  deployment(): Deployment;
  /** Where the pond's bytes are, for a command that works on a pond that may not open. NOT_A_POND when there is none. */
  place(): Place;
  /** Opens the pond for a command that reads it, and closes it after. Rejects with a sentence when there is none. */
  withPond(body: (pond: Pond) => Promise<void> | void): Promise<void>;
  write(content: string | Uint8Array): void; // standard output, as it is
  pour(pieces: AsyncIterable<string | Uint8Array>): Promise<void>; // to standard output, no faster than it takes them
  out(line: string): void; // a line on standard output
  err(line: string): void; // a line on standard error
}

/** What a shell needs of a process; tests bring their own. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: Terminal;
}

/** The shell of this process, or of another world. */
export function openShell(world: World = process): Shell {
  const root = join(import.meta.dirname, "../..");
  const env: Record<string, string | undefined> = {...world.env};
  let effects: Effects | undefined;
  const shell: Shell = {
    root,
    get effects() {
      return (effects ??= effectsFrom(env, reporterTo(world.stderr)));
    },
    troubled: false,
    configure({pond, resources}) {
      if (pond !== undefined) env.POND = resolve(pond);
      if (resources !== undefined) env.POND_RESOURCES = resolve(resources);
    },
    deployment: () => deploymentFrom(root, env),
    place() {
      const {pond} = shell.deployment();
      if (existsSync(join(pond, "oplog"))) return {store: new LocalStore(pond), cache: join(pond, "cache")};
      throw new PondError("NOT_A_POND", `${pond} is not a pond; make one with pond init.`, {pond});
    },
    async withPond(body) {
      const pond = await openPond(shell.deployment(), shell.effects);
      try {
        await body(pond);
      } finally {
        await pond.close();
      }
    },
    write: (content) => outlet.write(content),
    pour: (pieces) => outlet.pour(pieces),
    out: (line) => outlet.write(`${line}\n`),
    err: (line) => void world.stderr.write(`${line}\n`)
  };
  const outlet = new Outlet(world.stdout, (sentence) => {
    shell.err(`pond: ${sentence}`);
    shell.troubled = true;
    if (world === process) process.exitCode = 1; // the command may have ended before its last line is refused
  });
  return shell;
}
