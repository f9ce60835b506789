/**
 * What a call tells those who do not look: which short sound a change is worth, and what the keys of a headset and the
 * system's own controls do.
 */

/** @typedef {import('./voice-session.js').VoiceSession} VoiceSession */

/** @typedef {'connected' | 'muted' | 'unmuted' | 'ended' | 'listening' | 'thinking'} Signal */

/** @typedef {{open: boolean, active: boolean, muted: boolean, phase: string}} CallState */

/** What tells whose turn it is. @type {ReadonlySet<Signal>} */
export const TURN_SIGNALS = new Set(/** @type {const} */ (['listening', 'thinking']));

/** Watches a session. Event: `signal` (detail `Signal`). */
export class CallSignals extends EventTarget {
  #voice;
  #before;

  /** @param {VoiceSession} voice */
  constructor(voice) {
    super();
    this.#voice = voice;
    this.#before = this.#now();
    voice.addEventListener('change', () => this.#compare());
  }

  #compare() {
    const now = this.#now();
    const signal = signalOf(this.#before, now);
    this.#before = now;
    if (signal !== null) this.dispatchEvent(new CustomEvent('signal', { detail: signal }));
  }

  /** @returns {CallState} */
  #now() {
    const { client, active, muted, phase } = this.#voice;
    return { open: client !== null, active, muted, phase };
  }
}

/** @param {CallState} before @param {CallState} now @returns {Signal | null} */
export function signalOf(before, now) {
  if (before.active && !now.active) return 'ended';
  if (!before.open && now.open) return 'connected';
  if (now.open && before.muted !== now.muted) return now.muted ? 'muted' : 'unmuted';
  if (now.phase === 'thinking' && before.phase !== 'thinking') return 'thinking';
  if (now.phase === 'listening' && before.phase === 'speaking') return 'listening';
  return null;
}

/**
 * Has the system's media controls, and the keys of a headset where the browser passes them on, mute and hang up.
 *
 * @param {VoiceSession} voice
 * @param {string} title
 * @param {MediaSession} [media]
 */
export function offerMediaKeys(voice, title, media = globalThis.navigator?.mediaSession) {
  if (media === undefined) return;
  /** @type {Record<string, () => void>} */
  const actions = {
    play: () => (voice.muted = false),
    pause: () => (voice.muted = true),
    togglemicrophone: () => (voice.muted = !voice.muted),
    stop: () => voice.stop(),
    hangup: () => voice.stop(),
  };
  /** @type {MediaSessionPlaybackState} */
  let told = 'none';
  voice.addEventListener('change', () => {
    const now = !voice.active ? 'none' : voice.muted ? 'paused' : 'playing';
    if (now === told) return; // the browser is asked across processes, and a session changes many times a second
    if (now === 'none' || told === 'none') {
      for (const [name, act] of Object.entries(actions)) setAction(media, name, now === 'none' ? null : act);
      media.metadata = now !== 'none' && 'MediaMetadata' in globalThis ? new MediaMetadata({ title }) : null;
    }
    told = now;
    media.playbackState = now;
    if (now !== 'none') void media.setMicrophoneActive?.(!voice.muted);
  });
}

/** @param {MediaSession} media @param {string} name @param {(() => void) | null} act */
function setAction(media, name, act) {
  try {
    media.setActionHandler(/** @type {MediaSessionAction} */ (name), act);
  } catch {
    return; // a browser throws at names that it does not know
  }
}
