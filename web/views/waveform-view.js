/** A canvas with the waveforms of microphone and speaker. */

/** @typedef {import('../session/voice-session.js').VoiceSession} VoiceSession */

/** @typedef {{user: number, model: number}} Levels loudness of both sides, 0 to 1, as ears take it */

const BAR_PX = 3;
const PITCH_PX = 6;
const SAMPLE_MS = 50;
const HISTORY = 200;
const LEAST_BAR_PX = 3;
const FRAME_MS = 30; // a bar moves 4 pixels in it; a screen's every frame would cost twice as much
const CALM_FRAME_MS = 250;
const COLOURS_MS = 500; // so often colours are read again: a host page may change them
const LINGER_MS = 8_000; // until the last bar has left the picture

/**
 * One waveform for both sides: what you say flows from the middle to the left, what the model says to the
 * right.
 *
 * It draws while there is a session, and rests otherwise. Visitors who asked for less motion get still bars
 * that show how loud it is now. Colours are the custom properties `--you` and `--model`, and `color` for
 * silence.
 */
export class WaveformView {
  #canvas;
  #context;
  #voice;
  #onFrame;
  #calm = window.matchMedia('(prefers-reduced-motion: reduce)');
  #samples = new Float32Array(1024);
  #sides = [makeSide(-1, '--you'), makeSide(1, '--model')];
  #colours = [{ sound: '', silence: '' }];
  #coloursAt = -Infinity;
  #sampledAt = 0;
  #drawnAt = 0;
  #activeAt = 0;
  #running = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {VoiceSession} voice
   * @param {(levels: Levels, now: number) => void} [onFrame] called with each frame that is drawn
   */
  constructor(canvas, voice, onFrame = () => {}) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    this.#voice = voice;
    this.#onFrame = onFrame;
    new ResizeObserver(() => this.#fit()).observe(canvas);
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#redraw());
  }

  /** Begins to draw, if it rests; to be called whenever something has changed. */
  wake() {
    if (this.#running || !this.#voice.active) return;
    this.#running = true;
    requestAnimationFrame((now) => this.#animate(now));
  }

  /** @param {number} now */
  #animate(now) {
    if (this.#voice.active) this.#activeAt = now;
    const { user, model } = this.#measure();
    this.#sample(now, [user, model]);
    if (now - this.#drawnAt >= (this.#calm.matches ? CALM_FRAME_MS : FRAME_MS)) {
      this.#drawnAt = now;
      if (now - this.#coloursAt >= COLOURS_MS) this.#readColours(now);
      if (window.devicePixelRatio !== this.#context.getTransform().a) this.#fit(); // on another screen
      this.#draw((now - this.#sampledAt) / SAMPLE_MS);
      this.#onFrame({ user, model }, now);
    }
    this.#running = now - this.#activeAt < LINGER_MS;
    if (this.#running) requestAnimationFrame((next) => this.#animate(next));
  }

  /** @returns {Levels} */
  #measure() {
    const { active, muted, pushToTalk, held, microphone, speaker } = this.#voice;
    const heard = active && !muted && (!pushToTalk || held);
    return {
      user: heard ? loudness(microphone.level) : 0,
      model: speaker.busy && speaker.analyser !== null ? loudness(this.#levelOf(speaker.analyser)) : 0,
    };
  }

  /** @param {AnalyserNode} analyser @returns {number} root mean square */
  #levelOf(analyser) {
    analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.sqrt(sum / this.#samples.length);
  }

  /** @param {number} now @param {number[]} levels of each side */
  #sample(now, levels) {
    this.#sides.forEach((side, index) => (side.peak = Math.max(side.peak, levels[index])));
    if (now - this.#sampledAt > HISTORY * SAMPLE_MS) this.#sampledAt = now; // it rested
    while (now - this.#sampledAt >= SAMPLE_MS) {
      this.#sampledAt += SAMPLE_MS;
      this.#sides.forEach((side, index) => {
        side.push(side.peak);
        side.peak = levels[index];
      });
    }
  }

  /** As many pixels as the screen has in the canvas's place. */
  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = window.devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    this.#redraw();
  }

  #redraw() {
    this.#readColours(-Infinity);
    this.#draw(0);
  }

  /** @param {number} now */
  #readColours(now) {
    this.#coloursAt = now;
    const style = getComputedStyle(this.#canvas);
    this.#colours = this.#sides.map(({ colour }) => ({
      sound: style.getPropertyValue(colour),
      silence: style.color,
    }));
  }

  /** @param {number} progress from one sample to the next */
  #draw(progress) {
    const { a: scale } = this.#context.getTransform();
    const width = this.#canvas.width / scale;
    const height = this.#canvas.height / scale;
    this.#context.clearRect(0, 0, width, height);
    this.#sides.forEach((side, index) => {
      this.#drawSide(side, this.#colours[index], width, height, this.#calm.matches ? 0 : progress);
    });
  }

  /**
   * @param {ReturnType<typeof makeSide>} side
   * @param {{sound: string, silence: string}} colours
   * @param {number} width
   * @param {number} height
   * @param {number} shift
   */
  #drawSide(side, colours, width, height, shift) {
    const context = this.#context;
    const middle = height / 2 + 6; // the button stands there
    const count = Math.min(HISTORY - 1, Math.floor((width / 2 - middle) / PITCH_PX));
    for (let age = 0; age < count; age += 1) {
      const level = this.#calm.matches ? side.at(0) * (1 - age / count) : side.at(age);
      const bar = Math.max(LEAST_BAR_PX, level * (height - 12));
      const x = width / 2 + side.direction * (middle + (age + shift) * PITCH_PX);
      const loud = bar > LEAST_BAR_PX;
      context.fillStyle = loud ? colours.sound : colours.silence;
      context.globalAlpha = (loud ? 0.95 : 0.35) * Math.max(0, 1 - ((age + shift) / count) ** 2);
      context.beginPath();
      context.roundRect(x - BAR_PX / 2, (height - bar) / 2, BAR_PX, bar, BAR_PX / 2);
      context.fill();
    }
  }
}

/** Levels as ears take them, 0 to 1: -54 dB and below is nothing. @param {number} level root mean square */
export function loudness(level) {
  if (level <= 0.002) return 0;
  return Math.min(1, Math.max(0, (20 * Math.log10(level) + 54) / 48));
}

/** The newest levels of one side, by age. @param {-1 | 1} direction @param {string} colour */
function makeSide(direction, colour) {
  const levels = new Float32Array(HISTORY);
  let next = 0;
  return {
    direction,
    colour,
    peak: 0,
    /** @param {number} level */
    push(level) {
      levels[next] = level;
      next = (next + 1) % HISTORY;
    },
    /** @param {number} age in samples */
    at: (age) => levels[(next - 1 - age + 2 * HISTORY) % HISTORY],
  };
}
