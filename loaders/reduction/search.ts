/** Where the first number stands that is not less than another, among numbers that rise. */
export function firstFrom(numbers: Float64Array | Int32Array | Uint32Array, least: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
