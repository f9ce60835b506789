/**
 * The phase of a session, such as `listening` or `thinking`, which is the one state that a visitor sees.
 */

export const PHASES = /** @type {const} */ ([
  'idle',
  'connecting',
  'listening',
  'user-speaking',
  'thinking',
  'speaking',
  'muted',
  'reconnecting',
  'error',
]);

/** @typedef {(typeof PHASES)[number]} Phase */

/**
 * @typedef {object} Circumstances
 * @property {'closed' | 'connecting' | 'open' | 'reconnecting'} connection
 * @property {boolean} failed the last session ended with a problem that was not put away
 * @property {boolean} muted the microphone sends silence, or there is none
 * @property {boolean} userSpeaking
 * @property {boolean} answering an answer is being made
 * @property {boolean} playing an answer is being heard
 */

/** The first row that holds is the phase. @type {[Phase, (now: Circumstances) => boolean][]} */
const ROWS = [
  ['connecting', (now) => now.connection === 'connecting'],
  ['reconnecting', (now) => now.connection === 'reconnecting'],
  ['error', (now) => now.connection === 'closed' && now.failed],
  ['idle', (now) => now.connection === 'closed'],
  ['user-speaking', (now) => now.userSpeaking],
  ['speaking', (now) => now.playing],
  ['thinking', (now) => now.answering],
  ['muted', (now) => now.muted],
];

/** @param {Circumstances} now @returns {Phase} */
export function phaseOf(now) {
  return ROWS.find(([, holds]) => holds(now))?.[0] ?? 'listening';
}
