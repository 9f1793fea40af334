/** What became of a request that gave no answer of use, as far as sending it again depends on it. */
export interface Failure {
  readonly status?: number; // HTTP; none: the connection failed
  readonly retryAfter?: string; // the header of that name
  readonly date?: string; // the header of that name: the clock that `retryAfter` may be told by
}

/** How patient a client is. */
export interface Patience {
  readonly attempts: number; // how often a request is sent at most
  readonly first: number; // ms, the pause after the first failure; each is twice the one before
  readonly most: number; // ms, the longest of these
  readonly told: number; // ms, the longest pause that is waited out when a server asks for one
}

export const patience: Patience = {attempts: 9, first: 500, most: 60_000, told: 15 * 60_000};

/** When a request failed. */
interface Moment {
  readonly attempt: number; // how often it was sent, from 1
  readonly now: number; // ms since 1970
  readonly chance: number; // uniform in [0, 1)
}

/**
 * How long to wait, in ms, before a failed request is sent again; undefined when it is not to be. What the server asks
 * for is waited out (RFC 9110, section 10.2.3). Otherwise pauses grow, and half of each is left to chance, so that
 * clients that failed together do not come back together (Brooker, "Exponential Backoff and Jitter", 2015).
 */
export function pauseAfter(failure: Failure, moment: Moment, how: Patience = patience): number | undefined {
  const {attempt, now, chance} = moment;
  if (attempt >= how.attempts || !isPassing(failure.status)) return undefined;
  if (failure.status === 401 && attempt === 1) return 0; // a new token may be all it needs
  const told = toldBy(failure, now);
  if (told !== undefined) return told > how.told ? undefined : told + (chance * how.first) / 2;
  const grown = Math.min(how.most, how.first * 2 ** (attempt - 1));
  return grown * (0.5 + chance / 2);
}

/** Whether what failed may succeed when it is tried again. */
function isPassing(status: number | undefined): boolean {
  if (status === undefined || [401, 408, 425, 429].includes(status)) return true;
  return status >= 500 && status !== 501 && status !== 505;
}

/** The pause that a busy server asks for, in ms: it tells seconds, or a date of its own clock. */
export function toldBy({status, retryAfter, date}: Failure, now: number): number | undefined {
  if (retryAfter === undefined || (status !== 429 && status !== 503)) return undefined;
  if (/^\s*\d+\s*$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const [until, clock] = [Date.parse(retryAfter), Date.parse(date ?? "")];
  return Number.isNaN(until) ? undefined : Math.max(0, until - (Number.isNaN(clock) ? now : clock));
}
