/**
 * How a session sounds and takes turns, as one flat record: read from a session, and written as what changes it, as a
 * profile of the relay's, and as a link.
 */

/**
 * @typedef {object} VoiceSettings
 * @property {string} voice '' where nobody says
 * @property {number} speed
 * @property {'server_vad' | 'semantic_vad' | 'none'} detection
 * @property {number} threshold of `server_vad`, 0 to 1
 * @property {number} silenceMs of `server_vad`
 * @property {string} eagerness of `semantic_vad`
 * @property {boolean} interrupts whether speech cuts an answer
 * @property {string} noiseReduction `near_field`, `far_field` or `none`
 * @property {string} language of the transcript, '' to have it guessed
 * @property {'pcm' | 'pcmu' | 'pcma'} sound both ways: full, or a telephone line's
 * @property {string} effort of reasoning, '' for the model's own
 */

/** @type {VoiceSettings} */
const DEFAULTS = {
  voice: '',
  speed: 1,
  detection: 'server_vad',
  threshold: 0.5,
  silenceMs: 500,
  eagerness: 'auto',
  interrupts: true,
  noiseReduction: 'none',
  language: '',
  sound: 'pcm',
  effort: '',
};

const FORMATS = { pcm: { type: 'audio/pcm', rate: 24000 }, pcmu: { type: 'audio/pcmu' }, pcma: { type: 'audio/pcma' } };

/** @param {Record<string, any>} session as the other side describes it @returns {VoiceSettings} */
export function readSettings({ audio, reasoning }) {
  const { input, output } = audio ?? {};
  const detection = input?.turn_detection;
  return {
    voice: typeof output?.voice === 'string' ? output.voice : DEFAULTS.voice,
    speed: output?.speed ?? DEFAULTS.speed,
    detection: detection === null ? 'none' : (detection?.type ?? DEFAULTS.detection),
    threshold: detection?.threshold ?? DEFAULTS.threshold,
    silenceMs: detection?.silence_duration_ms ?? DEFAULTS.silenceMs,
    eagerness: detection?.eagerness ?? DEFAULTS.eagerness,
    interrupts: detection?.interrupt_response ?? DEFAULTS.interrupts,
    noiseReduction: input?.noise_reduction?.type ?? DEFAULTS.noiseReduction,
    language: input?.transcription?.language ?? DEFAULTS.language,
    sound: soundOf(output?.format?.type),
    effort: reasoning?.effort ?? DEFAULTS.effort,
  };
}

/** @param {unknown} type @returns {VoiceSettings['sound']} */
function soundOf(type) {
  const kinds = /** @type {VoiceSettings['sound'][]} */ (Object.keys(FORMATS));
  return kinds.find((kind) => FORMATS[kind].type === type) ?? DEFAULTS.sound;
}

/**
 * What makes a session so, and nothing else.
 *
 * @param {Partial<VoiceSettings>} wishes
 * @param {Record<string, any>} session whose other fields of the same objects are said again: they are replaced whole
 * @returns {Record<string, any>} for `session.update`; empty where nothing is wished
 */
export function toSession(wishes, session = {}) {
  /** @type {Record<string, any>} */
  const update = {};
  const output = {
    ...('voice' in wishes && { voice: wishes.voice }),
    ...('speed' in wishes && { speed: wishes.speed }),
    ...(wishes.sound !== undefined && { format: FORMATS[wishes.sound] }),
  };
  const input = toInput(wishes, session.audio?.input ?? {});
  if (Object.keys(input).length > 0) update.audio = { input };
  if (Object.keys(output).length > 0) update.audio = { ...update.audio, output };
  if (wishes.effort) update.reasoning = { effort: wishes.effort };
  return update;
}

/** @param {Partial<VoiceSettings>} wishes @param {Record<string, any>} before */
function toInput(wishes, before) {
  /** @type {Record<string, any>} */
  const input = {};
  const turns = /** @type {const} */ (['detection', 'threshold', 'silenceMs', 'eagerness', 'interrupts']);
  if (turns.some((name) => name in wishes)) input.turn_detection = toDetection(wishes, before.turn_detection);
  if (wishes.noiseReduction !== undefined)
    input.noise_reduction = wishes.noiseReduction === 'none' ? null : { type: wishes.noiseReduction };
  if (wishes.sound !== undefined) input.format = FORMATS[wishes.sound];
  if (wishes.language !== undefined) {
    const { language: _, ...others } = before.transcription ?? { model: 'gpt-transcribe' };
    input.transcription = wishes.language === '' ? others : { ...others, language: wishes.language };
  }
  return input;
}

/** @param {Partial<VoiceSettings>} wishes @param {any} before */
function toDetection(wishes, before) {
  const type = wishes.detection ?? before?.type ?? (before === null ? 'none' : DEFAULTS.detection);
  if (type === 'none') return null;
  const { create_response: creates = true, prefix_padding_ms: padding, idle_timeout_ms: idle } = before ?? {};
  const now = { ...readSettings({ audio: { input: { turn_detection: before } } }), ...wishes };
  const common = { type, create_response: creates, interrupt_response: now.interrupts };
  if (type === 'semantic_vad') return { ...common, eagerness: now.eagerness };
  return {
    ...common,
    threshold: now.threshold,
    silence_duration_ms: now.silenceMs,
    ...(padding !== undefined && { prefix_padding_ms: padding }),
    ...(idle && { idle_timeout_ms: idle }),
  };
}

/**
 * As a profile of the relay's own settings.
 *
 * @param {Partial<VoiceSettings>} wishes @param {Record<string, any>} session
 * @param {string} profile @param {string} model
 */
export function toToml(wishes, session, profile, model) {
  const body = { ...(model !== '' && { model }), ...toSession(wishes, session) };
  return tables(`profiles.${/^[\w-]+$/.test(profile) ? profile : JSON.stringify(profile)}`, body).join('\n');
}

/** @param {string} path @param {Record<string, any>} table @returns {string[]} lines */
function tables(path, table) {
  const fields = Object.entries(table).filter(([, value]) => value !== null); // TOML has no null: it is left out
  const inner = fields.filter(([, value]) => typeof value === 'object');
  const plain = fields.filter(([, value]) => typeof value !== 'object');
  const own = plain.map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const head = own.length > 0 || inner.length === 0 ? [`[${path}]`, ...own, ''] : [];
  return [...head, ...inner.flatMap(([name, value]) => tables(`${path}.${name}`, value))];
}

/**
 * As what stands behind `#` in the page's address.
 *
 * @param {Partial<VoiceSettings>} wishes @param {Record<string, string>} target
 */
export function toLink(wishes, target) {
  const fields = Object.entries({ ...target, ...wishes }).filter(([, value]) => value !== '');
  return String(new URLSearchParams(fields.map(([name, value]) => [name, String(value)])));
}

/**
 * Reads such a link; what is not known in it is passed over, and so is what is not of its kind.
 *
 * @param {string} hash
 * @returns {{profile: string | null, model: string | null, language: string | null, wishes: Partial<VoiceSettings>}}
 */
export function fromLink(hash, query = '') {
  const fields = new URLSearchParams([...new URLSearchParams(query), ...new URLSearchParams(hash.replace(/^#/, ''))]);
  const known = Object.entries(DEFAULTS).flatMap(([name, usual]) => {
    const value = readAs(usual, fields.get(name));
    if (name === 'sound' && !Object.hasOwn(FORMATS, String(value))) return [];
    return value === null ? [] : [[name, value]];
  });
  const [profile, model, language] = ['profile', 'model', 'lang'].map((name) => fields.get(name));
  return { profile, model, language, wishes: Object.fromEntries(known) };
}

/** @param {string | number | boolean} usual @param {string | null} text */
function readAs(usual, text) {
  if (text === null) return null;
  if (typeof usual === 'boolean') return text === 'true' ? true : text === 'false' ? false : null;
  if (typeof usual === 'number') return text !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
  return text;
}
