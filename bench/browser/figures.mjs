/** Figures of several runs. */

/**
 * Median, least and greatest of some milliseconds, rounded to a tenth.
 *
 * @param {number[]} values At least one.
 * @returns {{ median: number, min: number, max: number }}
 */
export function spread(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median: tenth(median), min: tenth(sorted[0]), max: tenth(sorted.at(-1)) };
}

/**
 * @param {number} value
 * @returns {number}
 */
export function tenth(value) {
  return Math.round(value * 10) / 10;
}
