import {execFile, execFileSync, spawn} from "node:child_process";
import {existsSync} from "node:fs";
import {cp, mkdir, mkdtemp, rm, symlink} from "node:fs/promises";
import {tmpdir} from "node:os";
import {dirname, join} from "node:path";
import process from "node:process";
import {setTimeout as sleep} from "node:timers/promises";
import {promisify} from "node:util";

const root = join(import.meta.dirname, "..");

/** What a finished command said. */
interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Env = Readonly<Record<string, string>>;

/** A copy of the project in a folder of its own, as a fresh clone with its packages installed would be. */
export interface Project {
  readonly directory: string;
  /** `node …`, to its end; rejects only when it cannot be started. */
  node(args: readonly string[], env?: Env): Promise<Said>;
  /** `pond …`, to its end; rejects only when it cannot be started. */
  pond(args: readonly string[], env?: Env): Promise<Said>;
  /** `pond build`; rejects with what it said unless it ends with 0. */
  build(env: Env, args?: readonly string[]): Promise<Said>;
  /** Framework's own `observable build`, nothing before it; rejects unless it ends with 0. */
  observable(env: Env): Promise<Said>;
  /** Starts `pond build` and kills it, children and all, after a delay in milliseconds. */
  killBuild(delay: number, env: Env): Promise<void>;
  dispose(): Promise<void>;
}

/** Copies the tree that git tracks or would track, and links the installed packages: into a fresh folder, or over one. */
export async function copyProject(into?: string): Promise<Project> {
  const directory = into ?? (await mkdtemp(join(tmpdir(), "duckpond-")));
  for (const file of trackedFiles()) {
    await mkdir(dirname(join(directory, file)), {recursive: true});
    await cp(join(root, file), join(directory, file));
  }
  const packages = join(directory, "node_modules");
  if (!existsSync(packages)) await symlink(join(root, "node_modules"), packages);
  return projectIn(directory);
}

function trackedFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {cwd: root});
  const files = list.toString().split("\0");
  return files.filter((file) => file !== "" && existsSync(join(root, file)));
}

/** A copy that was made before. */
export function projectIn(directory: string): Project {
  const start = {cwd: directory, maxBuffer: 64 * 2 ** 20};
  const node = (args: readonly string[], env: Env = {}) =>
    promisify(execFile)(process.execPath, args, {...start, env: environment(env)})
      .then(({stdout, stderr}): Said => ({code: 0, stdout, stderr}))
      .catch((error: Error & Partial<Said>): Said => {
        if (typeof error.code !== "number") throw error;
        return {code: error.code, stdout: error.stdout ?? "", stderr: error.stderr ?? ""};
      });
  const pond: Project["pond"] = (args, env) => node(["loaders/pond.js", ...args], env);
  return {
    directory,
    node,
    pond,
    build: async (env, args = []) => succeeded(await pond(["build", ...args], env)),
    observable: async (env) =>
      succeeded(await node(["node_modules/@observablehq/framework/dist/bin/observable.js", "build"], env)),
    killBuild: (delay, env) => killBuild(directory, delay, env),
    dispose: () => rm(directory, {recursive: true, force: true})
  };
}

/** The test's own environment, without what it may hold of another deployment. */
function environment(env: Env): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("POND") && !name.startsWith("VITEST"));
  return {...Object.fromEntries(own), OBSERVABLE_TELEMETRY_DISABLE: "true", ...env};
}

function succeeded(said: Said): Said {
  if (said.code !== 0) throw new Error(`it ended with ${said.code}:\n${said.stdout}\n${said.stderr}`);
  return said;
}

async function killBuild(directory: string, delay: number, env: Env): Promise<void> {
  const child = spawn(process.execPath, ["loaders/pond.js", "build"], {
    cwd: directory,
    env: environment(env),
    stdio: "ignore",
    detached: true // a process group of its own, so that its children die with it
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  await Promise.race([sleep(delay), ended]);
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it was faster than the delay
  }
  await ended;
}
