import type {EventEmitter} from "node:events";

/** A stream of the process; what a test brings instead need not tell of anything. */
export interface OutputStream extends Partial<Pick<EventEmitter, "on">> {
  write(content: string | Uint8Array): unknown; // false when it has enough for now
}

/**
 * Standard output. A reader who has enough, as `head` has, closes its pipe: what is written from then on is for nobody,
 * and no trouble, for the command may have other work to do. Of any other failure the command is told, once.
 */
export class Outlet {
  readonly #stream: OutputStream;
  readonly #tell: (sentence: string) => void;
  #isClosed = false;
  #wake = (): void => undefined;

  constructor(stream: OutputStream, tell: (sentence: string) => void) {
    this.#stream = stream;
    this.#tell = tell;
    stream.on?.("drain", () => this.#wake());
    stream.on?.("close", () => this.#close());
    stream.on?.("error", (error: NodeJS.ErrnoException) => this.#fail(error));
  }

  /** Writes content as it is. */
  write(content: string | Uint8Array): void {
    if (!this.#isClosed) this.#stream.write(content);
  }

  /** Writes pieces no faster than they are taken, and asks for no more of them when nobody is there to read. */
  async pour(pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
    for await (const piece of pieces) {
      if (this.#isClosed) return;
      const isFull = this.#stream.write(piece) === false;
      if (isFull && this.#stream.on !== undefined) await this.#drained();
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#isClosed) resolve();
    });
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code !== "EPIPE" && !this.#isClosed)
      this.#tell(`What the command prints cannot be written: ${error.message}; make room, or have it go elsewhere.`);
    this.#close();
  }

  #close(): void {
    this.#isClosed = true;
    this.#wake();
  }
}
