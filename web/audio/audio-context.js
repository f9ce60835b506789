/** Opening an `AudioContext` at 24 kHz, and resuming it when the browser has suspended it. */
import { SAMPLE_RATE } from './pcm.js';

/**
 * Opens an audio context at the API's own rate, or at the machine's where the browser refuses or ignores
 * that: read `context.sampleRate` back.
 *
 * @param {number} [rate] 0 asks for the machine's own
 */
export function openAudioContext(rate = SAMPLE_RATE) {
  const options = /** @type {AudioContextOptions} */ ({ latencyHint: 'interactive' });
  if (rate === 0) return new AudioContext(options);
  try {
    return new AudioContext({ ...options, sampleRate: rate });
  } catch {
    return new AudioContext(options);
  }
}

/**
 * Keeps a context running: whatever pauses it (a phone call, a sleeping machine, no gesture yet), it is
 * resumed when the browser allows, at the latest with the visitor's next key or touch.
 *
 * @param {AudioContext} context
 * @param {(paused: boolean) => void} onPaused called when it stops under us and when it runs again
 */
export function keepRunning(context, onPaused) {
  const resume = () => {
    if (context.state === 'running' || context.state === 'closed') return;
    context.resume().catch(() => {}); // `state` tells
  };
  const listening = new AbortController();
  const gestures = { signal: listening.signal, capture: true, passive: true };
  for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, resume, gestures);
  document.addEventListener('visibilitychange', resume, { signal: listening.signal });
  context.addEventListener('statechange', () => {
    if (context.state === 'closed') listening.abort();
    else onPaused(context.state !== 'running');
    resume();
  });
  resume();
}
