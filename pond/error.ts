/** What went wrong, for programs; README.md in this folder lists them with their remedies. */
export type PondErrorCode =
  | "NOT_FOUND"
  | "EXISTS"
  | "NOT_A_DIRECTORY"
  | "IS_A_DIRECTORY"
  | "NOT_EMPTY"
  | "NOT_A_SERIES"
  | "READ_ONLY"
  | "BAD_PATH"
  | "BAD_CONTENT"
  | "BAD_QUERY"
  | "LOOP"
  | "CIRCULAR"
  | "CONFLICT"
  | "NOT_A_POND"
  | "UNSUPPORTED"
  | "CORRUPT"
  | "DISK";

/** An error that a person can act on: one sentence in `message`, a `code` for programs, `data` for both. */
export class PondError extends Error {
  override readonly name = "PondError";
  readonly code: PondErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: PondErrorCode, message: string, data: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : {cause});
    this.code = code;
    this.data = data;
  }
}

/** Whether an error is a PondError of one of the codes. */
export function isPondError(error: unknown, ...codes: PondErrorCode[]): error is PondError {
  return error instanceof PondError && (codes.length === 0 || codes.includes(error.code));
}
