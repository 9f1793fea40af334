/** What an account is known by (RFC 6749, section 2.3.1). */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Credentials as the header `authorization` takes them. */
export function basic({clientId, clientSecret}: Credentials): string {
  const text = [clientId, clientSecret].map(encodeURIComponent).join(":");
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

/** A bearer token and until when it is good. */
export interface Granted {
  readonly token: string;
  readonly until: number; // ms since 1970
}

/** A token is renewed this long before it ends, ms, or in the last tenth of its life if that is shorter. */
const margin = 60_000;

/**
 * The token of an account, asked for when it is first needed, and again shortly before it ends or once it was refused.
 * However many ask at once, one request is made.
 */
export class Token {
  readonly #grant: () => Promise<Granted>;
  #current: Promise<Granted & {readonly renewAt: number}> | undefined;

  constructor(grant: () => Promise<Granted>) {
    this.#grant = grant;
  }

  async get(): Promise<string> {
    const asked = (this.#current ??= this.#ask());
    const {token, renewAt} = await asked;
    if (Date.now() < renewAt) return token;
    if (this.#current === asked) this.#current = undefined;
    return this.get();
  }

  /** Forgets a token that was refused; one that came after it stays. */
  async refused(token: string): Promise<void> {
    const asked = this.#current;
    if (asked && (await asked).token === token && this.#current === asked) this.#current = undefined;
  }

  async #ask(): Promise<Granted & {readonly renewAt: number}> {
    try {
      const asked = Date.now();
      const granted = await this.#grant();
      return {...granted, renewAt: granted.until - Math.min(margin, (granted.until - asked) / 10)};
    } catch (error) {
      this.#current = undefined; // so that whoever comes next asks again
      throw error;
    }
  }
}
