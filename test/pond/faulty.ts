import type {Disk, OpenFile} from "../../pond/disk.js";
import {failure} from "./platter.js";

/** What goes wrong: the n-th call from now on, with which error, and whether all calls after it do too. */
export interface Fault {
  readonly at: number; // 1, 2, …
  readonly code: string; // of the error; "SHORT": a write takes only a part, all other calls do their work
  readonly isForever: boolean;
}

/** What a fault does to the call, and so to whoever made it. */
type Strike = (code: string, path: string) => never;

const fail: Strike = (code, path) => {
  throw failure(code, path);
};

/** A disk whose calls fail when told to. */
export class Faulty implements Disk {
  calls = 0; // since the last fault was set
  readonly #disk: Disk;
  readonly #strike: Strike;
  #fault: Fault | undefined;

  constructor(disk: Disk, strike = fail) {
    this.#disk = disk;
    this.#strike = strike;
  }

  set(fault?: Fault): void {
    this.calls = 0;
    this.#fault = fault;
  }

  async open(path: string, flags: "r" | "wx"): Promise<OpenFile> {
    this.#call(path);
    const file = await this.#disk.open(path, flags);
    return {
      read: async (buffer, offset, length, position) => {
        const most = this.#call(path) ? Math.ceil(length / 2) : length;
        return file.read(buffer, offset, most, position);
      },
      write: async (buffer, offset, length, position) => {
        const most = this.#call(path) ? Math.ceil(length / 2) : length;
        return file.write(buffer, offset, most, position);
      },
      stat: async () => (this.#call(path), file.stat()),
      sync: async () => (this.#call(path), file.sync()),
      close: async () => {
        await file.close(); // it is closed, whatever close(2) says
        this.#call(path);
      }
    };
  }

  async link(existing: string, path: string): Promise<void> {
    this.#call(path);
    return this.#disk.link(existing, path);
  }

  async unlink(path: string): Promise<void> {
    this.#call(path);
    return this.#disk.unlink(path);
  }

  async mkdir(path: string): Promise<void> {
    this.#call(path);
    return this.#disk.mkdir(path);
  }

  async files(directory: string): Promise<readonly string[]> {
    this.#call(directory);
    return this.#disk.files(directory);
  }

  async stat(path: string): Promise<{readonly size: number; readonly mtimeMs: number}> {
    this.#call(path);
    return this.#disk.stat(path);
  }

  async utimes(path: string, atime: Date, mtime: Date): Promise<void> {
    this.#call(path);
    return this.#disk.utimes(path, atime, mtime);
  }

  /** Fails if it is this call's turn; true when it is to do only a part. */
  #call(path: string): boolean {
    this.calls++;
    const {at, code, isForever} = this.#fault ?? {at: Infinity, code: "", isForever: false};
    if (this.calls !== at && !(isForever && this.calls > at)) return false;
    if (code === "SHORT") return true;
    return this.#strike(code, path);
  }
}
