/** What the page says and advises before the first turn. */
import { setText } from './page.js';

/** @typedef {import('../session/voice-session.js').VoiceSession} VoiceSession */

/**
 * What stands where the conversation will be, and what to do now.
 *
 * @type {Record<string, [string, string]>}
 */
const WORDS = {
  idle: [
    'Say something.',
    'Press start and talk. Your voice goes through the relay to the model, and the answer comes back.',
  ],
  awaitsMicrophone: [
    'May it listen?',
    'Your browser asks whether this page may use the microphone. Allow it to begin.',
  ],
  connecting: ['One moment.', 'The relay is opening a session for you. What you say already is kept.'],
  listening: ['Go ahead.', 'Talk as you would to a person, and interrupt whenever you like.'],
  pushToTalk: ['Go ahead.', 'Hold the button, or the space bar, while you speak.'],
  muted: ['Go ahead.', 'It does not hear you now. Type a message, or let it listen again.'],
};

/** The words on the empty page, until somebody has said something. */
export class WelcomeView {
  #root;
  #title;
  #advice;
  #say;

  /** @param {HTMLElement} root @param {HTMLElement} title @param {HTMLElement} advice @param {import('./page-language.js').Say} say */
  constructor(root, title, advice, say) {
    this.#say = say;
    this.#root = root;
    this.#title = title;
    this.#advice = advice;
  }

  /** @param {VoiceSession} voice */
  render(voice) {
    this.#root.hidden = voice.conversation.turns.length > 0;
    const [title, advice] = welcomeWords(voice);
    setText(this.#title, this.#say(title));
    setText(this.#advice, this.#say(advice));
  }
}

/**
 * @param {Pick<VoiceSession, 'phase' | 'awaitsMicrophone' | 'pushToTalk'>} voice
 * @returns {[string, string]}
 */
export function welcomeWords({ phase, awaitsMicrophone, pushToTalk }) {
  if (phase === 'idle' || phase === 'error') return WORDS.idle;
  if (awaitsMicrophone) return WORDS.awaitsMicrophone;
  if (phase === 'connecting' || phase === 'reconnecting') return WORDS.connecting;
  if (phase === 'muted') return WORDS.muted;
  return pushToTalk ? WORDS.pushToTalk : WORDS.listening;
}
