/**
 * One waveform for both sides: what you say flows from the middle to the left, what the model says to the
 * right.
 *
 * Visitors who asked for less motion get still bars that show how loud it is now.
 */

const BAR_PX = 3;
const PITCH_PX = 6;
const SAMPLE_MS = 50;
const HISTORY = 200;
const LEAST_BAR_PX = 3;

/** @typedef {{push: (level: number) => void, at: (age: number) => number}} History */

export class WaveformView {
  #canvas;
  #context;
  #calm = window.matchMedia('(prefers-reduced-motion: reduce)');
  #user = makeHistory();
  #model = makeHistory();
  #userPeak = 0;
  #modelPeak = 0;
  #sampledAt = 0;
  #drawnAt = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  }

  /**
   * To be called for each frame while there is a session.
   *
   * @param {number} now milliseconds
   * @param {number} userLevel 0 to 1
   * @param {number} modelLevel 0 to 1
   */
  update(now, userLevel, modelLevel) {
    this.#userPeak = Math.max(this.#userPeak, userLevel);
    this.#modelPeak = Math.max(this.#modelPeak, modelLevel);
    while (now - this.#sampledAt >= SAMPLE_MS) {
      this.#sampledAt = Math.max(this.#sampledAt + SAMPLE_MS, now - 10 * SAMPLE_MS);
      this.#user.push(this.#userPeak);
      this.#model.push(this.#modelPeak);
      this.#userPeak = userLevel;
      this.#modelPeak = modelLevel;
    }
    if (this.#calm.matches && now - this.#drawnAt < 250) return;
    this.#drawnAt = now;
    this.#draw((now - this.#sampledAt) / SAMPLE_MS);
  }

  /** @param {number} progress from one sample to the next */
  #draw(progress) {
    const { width, height, scale } = this.#fit();
    const style = getComputedStyle(this.#canvas);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#context.clearRect(0, 0, width, height);
    const shift = this.#calm.matches ? 0 : progress;
    this.#drawSide(-1, this.#user, style.getPropertyValue('--you'), width, height, shift);
    this.#drawSide(1, this.#model, style.getPropertyValue('--model'), width, height, shift);
  }

  /**
   * @param {-1 | 1} side @param {History} history @param {string} colour
   * @param {number} width @param {number} height @param {number} shift
   */
  #drawSide(side, history, colour, width, height, shift) {
    const context = this.#context;
    const gap = height / 2 + 6; // the button stands in the middle
    const count = Math.min(HISTORY - 1, Math.floor((width / 2 - gap) / PITCH_PX));
    for (let age = 0; age < count; age += 1) {
      const level = this.#calm.matches ? history.at(0) * (1 - age / count) : history.at(age);
      const bar = Math.max(LEAST_BAR_PX, loudness(level) * (height - 12));
      const x = width / 2 + side * (gap + (age + shift) * PITCH_PX);
      const loud = bar > LEAST_BAR_PX;
      context.fillStyle = loud ? colour : getComputedStyle(this.#canvas).color;
      context.globalAlpha = (loud ? 0.95 : 0.35) * (1 - ((age + shift) / count) ** 2);
      context.beginPath();
      context.roundRect(x - BAR_PX / 2, (height - bar) / 2, BAR_PX, bar, BAR_PX / 2);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = window.devicePixelRatio;
    if (this.#canvas.width !== Math.round(width * scale)) this.#canvas.width = Math.round(width * scale);
    if (this.#canvas.height !== Math.round(height * scale)) this.#canvas.height = Math.round(height * scale);
    return { width, height, scale };
  }
}

/** Levels as ears take them, 0 to 1: -54 dB and below is nothing. @param {number} level root mean square */
export function loudness(level) {
  if (level <= 0.002) return 0;
  return Math.min(1, Math.max(0, (20 * Math.log10(level) + 54) / 48));
}

/** @returns {History} the newest levels, by age */
function makeHistory() {
  const levels = new Float32Array(HISTORY);
  let next = 0;
  return {
    push(level) {
      levels[next] = level;
      next = (next + 1) % HISTORY;
    },
    at: (age) => levels[(next - 1 - age + 2 * HISTORY) % HISTORY],
  };
}
