/** The words for each phase, and for the clock. */

/** @type {Record<import('../session/phase.js').Phase, string>} */
const WORDS = {
  idle: 'Ready',
  connecting: 'Connecting… you can already speak',
  listening: 'Listening',
  'user-speaking': 'You are speaking',
  thinking: 'Thinking…',
  speaking: 'Speaking',
  muted: 'Muted',
  reconnecting: 'Connection lost, reconnecting…',
  error: 'Not connected',
};

const WITHOUT_SESSION = new Set(['idle', 'error', 'connecting', 'reconnecting']);

/** What goes on, in words for a visitor. @param {import('../session/voice-session.js').VoiceSession} voice */
export function stateWords({ phase, awaitsMicrophone, paused, pushToTalk, microphone, attempt }) {
  if (phase === 'connecting' && awaitsMicrophone) return 'Waiting for the microphone…';
  if (phase === 'connecting' && !microphone.open) return 'Connecting…';
  if (paused && !WITHOUT_SESSION.has(phase)) return 'The sound is paused: touch the page to go on';
  if (phase === 'listening' && pushToTalk) return 'Hold to talk';
  if (phase === 'muted' && !microphone.open) return 'In writing';
  if (phase === 'reconnecting' && attempt > 1) return `Connection lost, reconnecting… (attempt ${attempt})`;
  return WORDS[phase];
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
