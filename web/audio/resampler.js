/**
 * Sample-rate conversion of a stream with a windowed sinc, whose low-pass keeps aliases out. Allocates in
 * its constructor only: it runs on the audio thread.
 */

// Shares of the lower rate: what is below PASS passes, of what is above STOP 80 dB are taken away.
const PASS = 10_400 / 24_000;
const STOP = 12_000 / 24_000;
const STOP_BAND_DB = 81; // one more than promised: what follows from it is an estimate
const MOST_ROWS = 640; // all rates of sound cards have fewer positions than this between two samples

export class Resampler {
  #taps;
  #rows;
  #kernel;
  #history;
  #filled = 0;
  // The next output stands at input sample #start + #phase / #phases, exactly, however long the stream is.
  #start = 0;
  #phase = 0;
  #phases;
  #step;

  /**
   * @param {number} fromRate frames per second, a whole number
   * @param {number} toRate frames per second, a whole number
   * @param {number} [maxInputFrames] the longest `input` that `process` will ever be given
   */
  constructor(fromRate, toRate, maxInputFrames = 2048) {
    const divisor = greatestCommonDivisor(fromRate, toRate);
    this.#step = fromRate / divisor;
    this.#phases = toRate / divisor;
    this.#rows = Math.min(this.#phases, MOST_ROWS);
    const lower = Math.min(fromRate, toRate) / fromRate;
    this.#taps = tapsFor((STOP - PASS) * lower);
    this.#kernel = sincKernel(this.#taps, this.#rows, (STOP + PASS) * lower);
    this.#history = new Float32Array(this.#taps * 2 + maxInputFrames + Math.ceil(fromRate / toRate));
    this.reset();
  }

  /** Forgets the stream: the next sample comes after silence. */
  reset() {
    this.#history.fill(0);
    this.#filled = this.#taps / 2; // silence first, so that the first output stands at the first input
    this.#start = this.#phase = 0;
  }

  /**
   * How many more input frames `process` needs to make exactly `outputFrames`.
   *
   * @param {number} outputFrames
   */
  needed(outputFrames) {
    const last = this.#start + Math.floor((this.#phase + (outputFrames - 1) * this.#step) / this.#phases);
    return Math.max(0, last + this.#taps - this.#filled);
  }

  /**
   * Takes input and writes all output that it completes. The output lags by half a kernel.
   *
   * @param {Float32Array} input
   * @param {number} inputFrames how many of `input` to take
   * @param {Float32Array} output long enough for `inputFrames`·toRate/fromRate + 1, or what is made is cut
   *   off there
   * @returns {number} how many frames were written
   */
  process(input, inputFrames, output) {
    const history = this.#history;
    for (let index = 0; index < inputFrames; index += 1) history[this.#filled + index] = input[index];
    this.#filled += inputFrames;
    let written = 0;
    while (written < output.length && this.#start + this.#taps <= this.#filled) {
      const row = Math.floor((this.#phase * this.#rows) / this.#phases);
      output[written] = convolve(this.#history, this.#start, this.#kernel, row * this.#taps, this.#taps);
      written += 1;
      this.#phase += this.#step;
      const passed = Math.floor(this.#phase / this.#phases);
      this.#start += passed;
      this.#phase -= passed * this.#phases;
    }
    this.#forget();
    return written;
  }

  #forget() {
    const passed = Math.min(this.#start, this.#filled);
    this.#history.copyWithin(0, passed, this.#filled);
    this.#filled -= passed;
    this.#start -= passed;
  }
}

/**
 * Four sums, since each addition waits for the one before it.
 *
 * @param {Float32Array} samples
 * @param {number} start
 * @param {Float32Array} kernel
 * @param {number} first of the row
 * @param {number} taps a multiple of four
 */
function convolve(samples, start, kernel, first, taps) {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let tap = 0; tap < taps; tap += 4) {
    a += samples[start + tap] * kernel[first + tap];
    b += samples[start + tap + 1] * kernel[first + tap + 1];
    c += samples[start + tap + 2] * kernel[first + tap + 2];
    d += samples[start + tap + 3] * kernel[first + tap + 3];
  }
  return a + b + (c + d);
}

/** Kaiser's estimate, as a multiple of four. @param {number} transition as a share of the input's rate */
function tapsFor(transition) {
  return 4 * Math.ceil((STOP_BAND_DB - 8) / (2.285 * 2 * Math.PI * transition) / 4);
}

/**
 * @param {number} taps
 * @param {number} rows
 * @param {number} cutoff of half the input rate
 * @returns {Float32Array} a row of taps for each position between two samples
 */
function sincKernel(taps, rows, cutoff) {
  const kernel = new Float32Array(rows * taps);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - (taps / 2 - 1) - row / rows;
      const value = cutoff * sinc(cutoff * distance) * kaiser(distance / (taps / 2));
      kernel[row * taps + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < taps; tap += 1) kernel[row * taps + tap] /= sum; // a constant stays that constant
  }
  return kernel;
}

/** @param {number} a @param {number} b @returns {number} */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x -1 to 1, at which the window is 0 */
function kaiser(x) {
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  return Math.abs(x) >= 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta);
}

/** The modified Bessel function of the first kind, order 0, by its power series. @param {number} x */
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-10; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
