/** Camera and screen of a call: the buttons for them, what is shown of them now, and what the model has seen. */
import { setAttribute, setText } from './page.js';

/** @typedef {import('../session/call-video.js').CallVideo} CallVideo */

/**
 * @typedef {object} VideoElements
 * @property {HTMLButtonElement} camera
 * @property {HTMLButtonElement} screen
 * @property {HTMLElement} panel
 * @property {HTMLVideoElement} preview
 * @property {HTMLElement} title
 * @property {HTMLElement} words
 * @property {HTMLImageElement} latest
 * @property {HTMLButtonElement} stop
 */

export class VideoView {
  #video;
  #elements;
  #say;

  /** @param {CallVideo} video @param {VideoElements} elements @param {import('./page-language.js').Say} say */
  constructor(video, elements, say) {
    this.#say = say;
    this.#video = video;
    this.#elements = elements;
    for (const source of /** @type {const} */ (['camera', 'screen']))
      elements[source].addEventListener('click', () => this.#toggle(source));
    elements.stop.addEventListener('click', () => {
      video.stop();
      elements.camera.focus();
    });
  }

  /** Shows what has changed. */
  render() {
    const { source, stream, watching, hasScreens, latest } = this.#video;
    const { camera, screen, panel, preview, title, words, latest: image } = this.#elements;
    camera.hidden = watching === null;
    screen.hidden = watching === null || !hasScreens;
    setAttribute(camera, 'aria-pressed', String(source === 'camera'));
    setAttribute(screen, 'aria-pressed', String(source === 'screen'));
    panel.hidden = source === null;
    if (preview.srcObject !== stream) preview.srcObject = stream;
    setText(title, this.#say(source === 'screen' ? 'Your screen is on' : 'Your camera is on'));
    setText(words, this.#say(seenWords(this.#video)));
    image.hidden = latest === '';
    if (latest !== '') setAttribute(image, 'src', latest);
  }

  /** @param {import('../session/call-video.js').VideoSource} source */
  #toggle(source) {
    if (this.#video.source === source) this.#video.stop();
    else void this.#video.show(source);
  }
}

/** What the model sees, in words. @param {Pick<CallVideo, 'watching' | 'shown' | 'tokens' | 'refused'>} video */
export function seenWords({ watching, shown, tokens, refused }) {
  if (watching === null) return 'The model sees it again when the connection is back.';
  if (refused) return 'This model takes no pictures.';
  if (shown >= watching.most) return `The model has seen ${shown} pictures, and is shown no more in this call.`;
  const seconds = watching.intervalS === 1 ? 'every second' : `every ${watching.intervalS} seconds`;
  const when = watching.when === 'turn' ? 'at each of your turns' : seconds;
  const sees = `The model sees a picture ${when}`;
  if (shown === 0) return `${sees}, at most ${watching.most}.`;
  const cost = tokens > 0 ? ` They were ${tokens.toLocaleString('en')} tokens of its last answer.` : '';
  return `${sees}: ${shown} of ${watching.most}.${cost}`;
}
