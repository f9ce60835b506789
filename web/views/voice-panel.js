/** The drawer's Voice tab: how the session sounds and takes turns, without JSON. */
import { fromLink, readSettings, toLink, toSession, toToml } from '../protocol/voice-settings.js';
import { copy } from './files.js';
import { setText } from './page.js';
import { changeSession } from './session-change.js';

/** @typedef {import('../protocol/voice-settings.js').VoiceSettings} VoiceSettings */
/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

const SETTLE_MS = 400; // a relay's own session.update is answered within one round trip to the model
const PREVIEW = 'Say exactly this, as you would to a visitor: Hello. This is how I sound.';

/**
 * @typedef {object} VoiceElements
 * @property {HTMLFormElement} form whose fields are named as the settings are
 * @property {HTMLElement} result
 * @property {HTMLButtonElement} preview
 * @property {HTMLElement} copyToml
 * @property {HTMLElement} copyLink
 */

/**
 * What is chosen before a session is said when it begins; within one it is said at once.
 *
 * Events: `notice` (detail: a sentence worth showing for a moment).
 */
export class VoicePanel extends EventTarget {
  #voice;
  #elements;
  #getTarget;
  /** @type {Partial<VoiceSettings>} */
  #wishes;

  /**
   * @param {import('../session/voice-session.js').VoiceSession} voice
   * @param {VoiceElements} elements
   * @param {() => {profile: string, model: string}} getTarget
   */
  constructor(voice, elements, getTarget) {
    super();
    this.#voice = voice;
    this.#elements = elements;
    this.#getTarget = getTarget;
    this.#wishes = fromLink(location.hash).wishes;
    elements.form.addEventListener('change', ({ target }) => this.#choose(/** @type {Field} */ (target)));
    elements.form.addEventListener('submit', (event) => event.preventDefault());
    elements.preview.addEventListener('click', () => this.#preview());
    elements.copyToml.addEventListener('click', () => void this.#copy('profile', this.#toml()));
    elements.copyLink.addEventListener('click', () => void this.#copy('link', this.#link()));
    voice.addEventListener('received', (event) => this.#receive(/** @type {CustomEvent} */ (event).detail));
  }

  render() {
    const { form, preview } = this.#elements;
    const settings = { ...readSettings(this.#session), ...this.#wishes };
    for (const [name, value] of Object.entries(settings)) {
      const field = /** @type {Field | null} */ (form.elements.namedItem(name));
      if (field === null || field === document.activeElement) continue;
      if (field instanceof HTMLInputElement && field.type === 'checkbox') field.checked = Boolean(value);
      else field.value = String(value);
    }
    for (const group of form.querySelectorAll('[data-detection]'))
      /** @type {HTMLElement} */ (group).hidden = !group.matches(`[data-detection~="${settings.detection}"]`);
    preview.disabled = this.#voice.client === null;
  }

  get #session() {
    return this.#voice.client?.session ?? {};
  }

  /** @param {Field} field */
  #choose(field) {
    const value = valueOf(field);
    if (value === null) return;
    this.#wishes = { ...this.#wishes, [field.name]: value };
    if (this.#voice.client === null) setText(this.#elements.result, 'It holds from the next start on.');
    else void this.#send({ [field.name]: value });
    this.render();
  }

  /** @param {Partial<VoiceSettings>} wishes */
  async #send(wishes) {
    const update = toSession(wishes, this.#session);
    if (this.#voice.client === null || Object.keys(update).length === 0) return;
    setText(this.#elements.result, (await changeSession(this.#voice, update)).words);
  }

  /** Once a relay that sets sessions up has had the time to. */
  async #wish() {
    const client = this.#voice.client;
    if (client === null || Object.keys(this.#wishes).length === 0) return;
    await new Promise((resolve) => {
      client.addEventListener('session.updated', resolve, { once: true });
      setTimeout(resolve, SETTLE_MS);
    });
    if (this.#voice.client === client) await this.#send(this.#wishes);
  }

  /** Said beside the conversation, so that it does not become part of it. */
  #preview() {
    const { voice } = { ...readSettings(this.#session), ...this.#wishes };
    const audio = voice === '' ? {} : { audio: { output: { voice } } };
    const response = { conversation: 'none', input: [], instructions: PREVIEW, metadata: { purpose: 'preview' } };
    this.#voice.client?.createResponse({ ...response, ...audio });
  }

  #toml() {
    const { profile, model } = this.#getTarget();
    return toToml(this.#wishes, this.#session, profile || 'default', model);
  }

  #link() {
    const url = new URL(location.href);
    url.hash = toLink(this.#wishes, this.#getTarget());
    return url.href;
  }

  /** @param {string} what @param {string} text */
  async #copy(what, text) {
    const done = await copy(text);
    const words = done ? `The ${what} was copied.` : 'The browser did not let this page copy.';
    this.dispatchEvent(new CustomEvent('notice', { detail: words }));
  }

  /** @param {import('../protocol/codecs.js').RealtimeEvent} event */
  #receive(event) {
    if (event.type === 'session.created') void this.#wish();
  }
}

/** @param {Field} field @returns {string | number | boolean | null} null where what stands there is not allowed */
function valueOf(field) {
  if (!field.checkValidity()) return null;
  if (field instanceof HTMLSelectElement) return field.value;
  if (field.type === 'checkbox') return field.checked;
  if (field.type === 'number') return Number.isFinite(field.valueAsNumber) ? field.valueAsNumber : null;
  return field.value.trim();
}
