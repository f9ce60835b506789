/** The drawer's Session tab: the session object as JSON, to be edited and sent. */
import { editable, sessionChanges } from '../protocol/session-changes.js';
import { setText } from './page.js';
import { changeSession } from './session-change.js';

/**
 * @typedef {object} SessionElements
 * @property {HTMLElement} summary
 * @property {HTMLTextAreaElement} json
 * @property {HTMLElement} result
 * @property {HTMLButtonElement} reload
 * @property {HTMLButtonElement} send
 */

/** The session object, to read and to change. What is being edited is not overwritten by what arrives. */
export class SessionPanel {
  #voice;
  #elements;
  #edited = false;
  #shown = '';

  /** @param {import('../session/voice-session.js').VoiceSession} voice @param {SessionElements} elements */
  constructor(voice, elements) {
    this.#voice = voice;
    this.#elements = elements;
    elements.json.addEventListener('input', () => {
      this.#edited = true;
      this.#enable();
    });
    elements.reload.addEventListener('click', () => this.#reload());
    elements.send.addEventListener('click', () => this.#send());
  }

  render() {
    const session = this.#voice.client?.session ?? null;
    const { summary, json } = this.#elements;
    json.disabled = session === null;
    this.#enable();
    if (session === null) {
      setText(summary, 'There is no session yet. Press start.');
      return;
    }
    setText(summary, [session.id, session.model].filter(Boolean).join(' · '));
    const text = JSON.stringify(editable(session), null, 2);
    if (this.#edited || text === this.#shown) return;
    this.#shown = text;
    json.value = text;
  }

  #enable() {
    const idle = this.#voice.client === null || !this.#edited;
    this.#elements.reload.disabled = idle;
    this.#elements.send.disabled = idle;
  }

  #reload() {
    this.#edited = false;
    this.#shown = '';
    setText(this.#elements.result, '');
    this.render();
  }

  #send() {
    const { json, result } = this.#elements;
    const client = this.#voice.client;
    if (client === null) return;
    try {
      const changes = sessionChanges(editable(client.session ?? {}), JSON.parse(json.value));
      if (Object.keys(changes).length === 0) {
        setText(result, 'Nothing differs from the session.');
        return;
      }
      void this.#change(changes);
      setText(result, `Sent: ${Object.keys(changes).join(', ')}.`);
    } catch (error) {
      setText(result, `This is not JSON: ${/** @type {Error} */ (error).message}`);
    }
  }

  /** @param {Record<string, any>} changes */
  async #change(changes) {
    const { taken, words } = await changeSession(this.#voice, changes);
    setText(this.#elements.result, words);
    if (!taken) return;
    this.#edited = false;
    this.render(); // what is typed next is typed into the session as it now is
  }
}
