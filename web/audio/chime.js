/** Short sounds for what a call does: two soft notes, up or down, and one where a turn begins. */
import { SAMPLE_RATE, msToFrames } from './pcm.js';

const NOTE_MS = 90;
const FADE_MS = 20;
const PEAK = 3000; // -21 dB: to be noticed, and not to be taken for speech

/** In hertz. @type {Record<'connected' | 'ended' | 'muted' | 'unmuted' | 'listening' | 'thinking', number[]>} */
const NOTES = {
  connected: [523, 784],
  ended: [784, 523],
  muted: [392, 330],
  unmuted: [330, 392],
  listening: [659],
  thinking: [440],
};

/** @param {keyof typeof NOTES} signal @returns {Int16Array} 24 kHz */
export function makeChime(signal) {
  const frames = msToFrames(NOTE_MS);
  const fade = msToFrames(FADE_MS);
  const notes = NOTES[signal];
  return Int16Array.from({ length: notes.length * frames }, (_, index) => {
    const at = index % frames;
    const loud = Math.min(1, at / fade, (frames - at) / fade);
    return PEAK * loud * Math.sin((2 * Math.PI * notes[Math.floor(index / frames)] * at) / SAMPLE_RATE);
  });
}
