/** The menu that takes an image from a file, the camera or the screen. */
import { imageFromScreen, imageFromVideo } from './images.js';

/**
 * @typedef {object} ImageSourceElements
 * @property {HTMLButtonElement} button opens the menu
 * @property {HTMLElement} menu its buttons carry `data-source`
 * @property {HTMLInputElement} file
 * @property {HTMLDialogElement} camera
 * @property {HTMLVideoElement} video
 */

/**
 * Where pictures come from, behind one button.
 *
 * Events: `image` (detail: a data URI), `file` (detail `File`), `notice` (detail: a sentence).
 */
export class ImageSources extends EventTarget {
  #elements;

  /** @param {ImageSourceElements} elements */
  constructor(elements) {
    super();
    this.#elements = elements;
    const { button, menu, file } = elements;
    button.addEventListener('click', () => this.#toggle(menu.hidden === true));
    menu.addEventListener('click', (event) => this.#choose(event));
    menu.addEventListener('keydown', (event) => this.#moveOrClose(event));
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !menu.contains(target) && !button.contains(target)) this.#toggle(false);
    });
    file.addEventListener('change', () => {
      for (const chosen of file.files ?? []) this.#tell('file', chosen);
      file.value = '';
    });
    const captures = navigator.mediaDevices && 'getDisplayMedia' in navigator.mediaDevices; // phones do not
    if (!captures) menu.querySelector('[data-source="screen"]')?.remove();
  }

  /** @param {boolean} open */
  #toggle(open) {
    const { button, menu } = this.#elements;
    menu.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
    if (open) menu.querySelector('button')?.focus();
  }

  /** @param {KeyboardEvent} event */
  #moveOrClose(event) {
    const { menu, button } = this.#elements;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.#toggle(false);
      button.focus();
    } else if (step !== undefined) {
      event.preventDefault();
      const choices = [...menu.querySelectorAll('button')];
      const at = choices.findIndex((choice) => choice === document.activeElement);
      choices[(at + step + choices.length) % choices.length].focus();
    }
  }

  /** @param {Event} event */
  #choose({ target }) {
    const source = target instanceof HTMLElement ? target.dataset.source : undefined;
    if (source === undefined) return;
    this.#toggle(false);
    if (source === 'file') this.#elements.file.click();
    else if (source === 'camera') void this.#photograph();
    else void this.#captureScreen();
  }

  async #captureScreen() {
    try {
      this.#tell('image', await imageFromScreen());
    } catch (error) {
      if (/** @type {DOMException} */ (error).name !== 'NotAllowedError')
        this.#tell('notice', 'The screen could not be captured.');
    }
  }

  async #photograph() {
    const { camera, video } = this.#elements;
    const stream = await navigator.mediaDevices?.getUserMedia({ video: { facingMode: 'environment' } }).catch(() => null);
    if (!stream) {
      this.#tell(
        'notice',
        'No camera could be opened. Check that one is connected and that this page may use it.',
      );
      return;
    }
    video.srcObject = stream;
    camera.returnValue = 'cancel';
    camera.showModal();
    await video.play().catch(() => {}); // the dialog was closed at once
    await new Promise((resolve) => camera.addEventListener('close', resolve, { once: true }));
    if (camera.returnValue === 'take' && video.videoWidth > 0) this.#tell('image', imageFromVideo(video));
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
