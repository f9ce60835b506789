/** The page's keyboard shortcuts. */

/** @typedef {import('../session/voice-session.js').VoiceSession} VoiceSession */

const TYPING = 'input, textarea, select, [contenteditable]';
const PRESSING = 'button, a[href], summary, [role="tab"]';

/**
 * Keys for the whole page: the space bar talks while it is held (with push-to-talk), Escape interrupts, M
 * mutes, S says what goes on. None is taken from somebody who types, and the space bar from no button that has the focus, but the
 * talk button.
 *
 * @param {VoiceSession} voice
 * @param {HTMLElement} talk
 * @param {() => void} tell says what goes on to those who do not see it
 */
export function listenToKeys(voice, talk, tell) {
  document.addEventListener('keydown', (event) => {
    const act = event.repeat ? undefined : actionOf(event, voice, tell);
    const talks = event.key === ' ' && voice.pushToTalk && mayTalk(event.target, talk);
    if (talks) event.preventDefault(); // neither scrolls nor clicks
    if (event.key !== ' ' || talks) act?.();
  });
  document.addEventListener('keyup', (event) => {
    if (event.key === ' ' && voice.held) {
      event.preventDefault();
      voice.release();
    }
  });
  window.addEventListener('blur', () => {
    if (voice.held) voice.release();
  });
}

/** @param {KeyboardEvent} event @param {VoiceSession} voice @param {() => void} tell @returns {(() => void) | undefined} */
function actionOf(event, voice, tell) {
  if (event.ctrlKey || event.metaKey || event.altKey || !voice.active || event.defaultPrevented)
    return undefined;
  const typing = event.target instanceof Element && event.target.closest(TYPING) !== null;
  if (event.key === 'Escape')
    return document.querySelector('dialog[open]') ? undefined : () => void voice.interrupt();
  if (typing) return undefined;
  if (event.key === ' ' && voice.pushToTalk) return () => voice.press();
  if (event.key === 's') return tell;
  if (event.key === 'm' && !voice.pushToTalk) return () => (voice.muted = !voice.muted);
  return undefined;
}

/** @param {EventTarget | null} target @param {HTMLElement} talk */
function mayTalk(target, talk) {
  if (!(target instanceof Element)) return true;
  return target === talk || target.closest(`${TYPING}, ${PRESSING}`) === null;
}
