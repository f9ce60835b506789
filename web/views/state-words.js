/** The words for what goes on, for the clock and for the cost. */
import { ENGLISH } from './words.js';

const AT_REST = new Set(['listening', 'muted']);
const WITHOUT_SESSION = new Set(['idle', 'error', 'connecting', 'reconnecting']);

/**
 * What goes on, in words for a visitor.
 *
 * @param {import('../session/voice-session.js').VoiceSession} voice
 * @param {import('./words.js').Words} [words]
 */
export function stateWords(voice, words = ENGLISH) {
  const state = wordsOf(voice, words);
  return voice.networkSlow && !WITHOUT_SESSION.has(voice.phase) ? `${state} · ${words['network-slow']}` : state;
}

/** @param {import('../session/voice-session.js').VoiceSession} voice @param {import('./words.js').Words} words */
function wordsOf({ phase, awaitsMicrophone, paused, pushToTalk, microphone, attempt, openCalls }, words) {
  if (phase === 'connecting' && awaitsMicrophone) return words['awaiting-microphone'];
  if (phase === 'connecting' && microphone.open) return words['connecting-heard'];
  if (paused && !WITHOUT_SESSION.has(phase)) return words.paused;
  if (openCalls.length > 0 && AT_REST.has(phase)) return words['waiting-for'].replace('%', openCalls[0].name);
  if (phase === 'listening' && pushToTalk) return words.hold;
  if (phase === 'muted' && !microphone.open) return words.writing;
  if (phase === 'reconnecting' && attempt > 1) return `${words.reconnecting} (${words.attempt} ${attempt})`;
  return words[phase];
}

/** @param {number} usd @returns {string} such as `$0.0053` or `$1.20` */
export function costWords(usd) {
  return `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`;
}

/** @param {number} ms @returns {string} such as `1:05` */
export function clockWords(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
