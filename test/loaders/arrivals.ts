/** The most that arrived in any span of time, which is half-open. */
export function mostWithin(arrivals: readonly number[], per: number): number {
  const sorted = [...arrivals].sort((a, b) => a - b);
  return Math.max(...sorted.map((time, i) => sorted.slice(i).filter((later) => later < time + per).length));
}
