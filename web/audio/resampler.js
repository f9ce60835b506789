/**
 * Sample-rate conversion of a stream with a windowed sinc, whose low-pass keeps aliases out. Allocates in
 * its constructor only: it runs on the audio thread.
 */

const ZERO_CROSSINGS = 16; // each side of the kernel; with this window about 80 dB of stop band
const PHASES = 256; // positions of the kernel between two samples; values between two phases are interpolated
const KAISER_BETA = 8;

export class Resampler {
  #step;
  #taps;
  #kernel;
  #history;
  #filled = 0;
  #position = 0;

  /**
   * @param {number} fromRate frames per second
   * @param {number} toRate frames per second
   * @param {number} [maxInputFrames] the longest `input` that `process` will ever be given
   */
  constructor(fromRate, toRate, maxInputFrames = 2048) {
    const cutoff = Math.min(1, toRate / fromRate);
    this.#step = fromRate / toRate;
    this.#taps = 2 * Math.ceil(ZERO_CROSSINGS / cutoff);
    this.#kernel = sincKernel(this.#taps, cutoff);
    this.#history = new Float32Array(this.#taps * 2 + maxInputFrames + Math.ceil(this.#step));
    this.reset();
  }

  /** Forgets the stream: the next sample comes after silence. */
  reset() {
    this.#history.fill(0);
    this.#filled = this.#taps / 2; // silence first, so that the first output stands at the first input
    this.#position = 0;
  }

  /**
   * How many more input frames `process` needs to make exactly `outputFrames`.
   *
   * @param {number} outputFrames
   */
  needed(outputFrames) {
    const lastRead = Math.floor(this.#position + (outputFrames - 1) * this.#step) + this.#taps;
    return Math.max(0, lastRead - this.#filled);
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
    for (let index = 0; index < inputFrames; index += 1) this.#history[this.#filled + index] = input[index];
    this.#filled += inputFrames;
    let written = 0;
    while (written < output.length && Math.floor(this.#position) + this.#taps <= this.#filled) {
      output[written] = this.#convolve();
      written += 1;
      this.#position += this.#step;
    }
    this.#forget();
    return written;
  }

  #convolve() {
    const start = Math.floor(this.#position);
    const phase = (this.#position - start) * PHASES;
    const row = Math.floor(phase);
    const blend = phase - row;
    const first = row * this.#taps;
    const second = first + this.#taps;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap += 1) {
      const weight = this.#kernel[first + tap] * (1 - blend) + this.#kernel[second + tap] * blend;
      sum += this.#history[start + tap] * weight;
    }
    return sum;
  }

  #forget() {
    const passed = Math.min(Math.floor(this.#position), this.#filled);
    this.#history.copyWithin(0, passed, this.#filled);
    this.#filled -= passed;
    this.#position -= passed;
  }
}

/**
 * @param {number} taps
 * @param {number} cutoff of half the input rate
 * @returns {Float32Array} a row of taps for each phase
 */
function sincKernel(taps, cutoff) {
  const kernel = new Float32Array((PHASES + 1) * taps);
  for (let row = 0; row <= PHASES; row += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - (taps / 2 - 1) - row / PHASES;
      const value = cutoff * sinc(cutoff * distance) * kaiser(distance / (taps / 2));
      kernel[row * taps + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < taps; tap += 1) kernel[row * taps + tap] /= sum; // a constant stays that constant
  }
  return kernel;
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x -1 to 1, outside of which the window is 0 */
function kaiser(x) {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
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
