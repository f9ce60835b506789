/** Recording, in the drawer's Voice tab: whether it is kept, and what was, to be taken along. */
import { downloadParts, stamp } from './files.js';
import { setText } from './page.js';
import { clockWords } from './state-words.js';

/**
 * @typedef {object} RecordingElements
 * @property {HTMLInputElement} keep
 * @property {HTMLElement} words
 * @property {HTMLButtonElement} wav
 * @property {HTMLButtonElement} session
 */

export class RecordingPanel {
  #recorder;
  #voice;
  #elements;

  /**
   * @param {import('../session/recorder.js').Recorder} recorder
   * @param {import('../session/voice-session.js').VoiceSession} voice
   * @param {RecordingElements} elements
   */
  constructor(recorder, voice, elements) {
    this.#recorder = recorder;
    this.#voice = voice;
    this.#elements = elements;
    elements.keep.addEventListener('change', () => {
      recorder.on = elements.keep.checked;
      this.render();
    });
    elements.wav.addEventListener('click', () => this.#download('wav', 'audio/wav', (one) => [one.toWav()]));
    elements.session.addEventListener('click', () =>
      this.#download('jsonl', 'application/jsonl', (one) => [...one.toLines()]),
    );
  }

  render() {
    const { words, wav, session } = this.#elements;
    wav.disabled = session.disabled = this.#recorder.recordings.length === 0;
    setText(words, this.#words());
  }

  #words() {
    const { on, recording, recordings } = this.#recorder;
    const length = clockWords(recordings.reduce((sum, { lengthMs }) => sum + lengthMs, 0));
    if (recording) return `This call is being recorded, in this page alone: ${length} so far.`;
    if (on && this.#voice.active) return 'The next call is recorded, from its beginning on.';
    if (recordings.length > 0) return `${length} was recorded. It is gone when the page is closed.`;
    return on ? 'The next call is recorded, in this page alone.' : 'Nothing is recorded.';
  }

  /**
   * @param {string} suffix @param {string} type
   * @param {(recording: import('../session/session-recording.js').SessionRecording) => BlobPart[]} write
   */
  #download(suffix, type, write) {
    const { recordings } = this.#recorder;
    recordings.forEach((recording, index) => {
      const number = recordings.length > 1 ? `-${index + 1}` : '';
      downloadParts(`conversation-${stamp()}${number}.${suffix}`, write(recording), type);
    });
  }
}
