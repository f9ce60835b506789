/** The settings dialog: relay, profile, model, credential, microphone, speaker and language. */
import { addressOf } from '../session/own-relay.js';
import { languageOf } from './languages.js';
import { make, setText } from './page.js';

/** @typedef {import('../session/preferences.js').Preferences} Preferences */

const SYSTEMS = 'The system’s choice';

/**
 * @typedef {object} SettingsElements
 * @property {HTMLDialogElement} dialog
 * @property {HTMLInputElement} relayUrl
 * @property {HTMLElement} relayUrlProblem
 * @property {HTMLInputElement} profile
 * @property {HTMLInputElement} model
 * @property {HTMLSelectElement} kind
 * @property {HTMLSelectElement} transport
 * @property {HTMLInputElement} ticket never kept
 * @property {HTMLSelectElement} microphone
 * @property {HTMLSelectElement} speaker
 * @property {HTMLSelectElement} language
 */

/**
 * The settings: which relay, which devices. Devices that come and go are followed while the page is open.
 *
 * Events: `change`, `language`, `microphone` and `speaker` (detail: the device's id, when one was chosen).
 */
export class SettingsView extends EventTarget {
  #elements;
  #preferences;
  #defaultUrl;
  #say;

  /**
   * @param {SettingsElements} elements @param {Preferences} preferences @param {string} defaultUrl
   * @param {import('./page-language.js').Say} say
   */
  constructor(elements, preferences, defaultUrl, say) {
    super();
    this.#say = say;
    this.#elements = elements;
    this.#preferences = preferences;
    this.#defaultUrl = defaultUrl;
    this.#fill();
    const { relayUrl, profile, model, kind, transport, microphone, speaker } = elements;
    for (const field of [relayUrl, profile, model, kind, transport]) field.addEventListener('change', () => this.#read());
    microphone.addEventListener('change', () => this.#choose('microphone', microphone.value));
    speaker.addEventListener('change', () => this.#choose('speaker', speaker.value));
    elements.language.addEventListener('change', ({ target }) => this.#chooseLanguage(/** @type {HTMLSelectElement} */ (target).value));
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.listDevices());
    void this.listDevices();
  }

  open() {
    void this.listDevices();
    this.#elements.dialog.showModal();
  }

  /** What to start a session with. */
  get target() {
    const { relayUrl, profile, model, kind, transport, microphoneId } = this.#preferences.choices;
    const ticket = this.#elements.ticket.value.trim();
    const url = addressOf(relayUrl || this.#defaultUrl, /** @type {import('../session/own-relay.js').Kind} */ (kind));
    return { url, profile, model, ticket, microphoneId, transport: /** @type {import('../session/connector.js').Wanted} */ (transport) };
  }

  /** Lists the devices. Browsers name them only once the microphone was allowed: call it again then. */
  async listDevices() {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const { microphoneId, speakerId } = this.#preferences.choices;
    const { microphone, speaker } = this.#elements;
    fillDevices(microphone, devices, 'audioinput', microphoneId, this.#say('Microphone'), this.#say(SYSTEMS));
    fillDevices(speaker, devices, 'audiooutput', speakerId, this.#say('Speaker'), this.#say(SYSTEMS));
    speaker.disabled = !('setSinkId' in AudioContext.prototype);
  }

  #fill() {
    const { relayUrl, profile, model, kind, transport, language } = this.#elements;
    const { choices } = this.#preferences;
    language.value = choices.language && languageOf(choices.language); // an address says it with its region
    relayUrl.value = choices.relayUrl || this.#defaultUrl;
    profile.value = choices.profile;
    model.value = choices.model;
    kind.value = choices.kind;
    transport.value = choices.transport;
  }

  #read() {
    const { relayUrl, relayUrlProblem, profile, model, kind, transport } = this.#elements;
    const url = relayUrl.value.trim() || this.#defaultUrl;
    const valid = isAddress(url);
    setText(relayUrlProblem, valid ? '' : `Write an address that begins with wss:// or ws://, such as ${this.#defaultUrl}. This one is not kept.`);
    relayUrl.setAttribute('aria-invalid', String(!valid));
    if (!valid) return;
    this.#preferences.change({
      relayUrl: url === this.#defaultUrl ? '' : url,
      profile: profile.value.trim(),
      model: model.value.trim(),
      kind: kind.value,
      transport: transport.value,
    });
    this.#fill();
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} language */
  #chooseLanguage(language) {
    this.#preferences.change({ language });
    this.dispatchEvent(new Event('language'));
  }

  /** @param {'microphone' | 'speaker'} kind @param {string} deviceId */
  #choose(kind, deviceId) {
    this.#preferences.change(kind === 'microphone' ? { microphoneId: deviceId } : { speakerId: deviceId });
    this.dispatchEvent(new CustomEvent(kind, { detail: deviceId }));
  }
}

/** Whether a WebSocket can be opened there; http addresses mean the same host. @param {string} url */
function isAddress(url) {
  return URL.canParse(url) && ['ws:', 'wss:', 'http:', 'https:'].includes(new URL(url).protocol);
}

/**
 * @param {HTMLSelectElement} select @param {MediaDeviceInfo[]} devices @param {MediaDeviceKind} kind
 * @param {string} chosen @param {string} name of one that has none @param {string} unchosen
 */
function fillDevices(select, devices, kind, chosen, name, unchosen) {
  const mine = devices.filter(
    (device) => device.kind === kind && !['', 'default', 'communications'].includes(device.deviceId),
  );
  const options = mine.map(({ deviceId, label }, index) =>
    make('option', { value: deviceId }, label || `${name} ${index + 1}`),
  );
  select.replaceChildren(make('option', { value: '' }, unchosen), ...options);
  select.value = mine.some(({ deviceId }) => deviceId === chosen) ? chosen : '';
}
