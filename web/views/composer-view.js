/** The form for typed messages, with images from files, the clipboard, the camera or the screen. */
import { ImageSources } from './image-sources.js';
import { imageFromFile } from './images.js';
import { make, makeIcon } from './page.js';

const MOST_IMAGES = 4;

/**
 * @typedef {object} ComposerElements
 * @property {HTMLFormElement} form
 * @property {HTMLTextAreaElement} message
 * @property {HTMLButtonElement} send
 * @property {HTMLElement} attachments
 * @property {import('./image-sources.js').ImageSourceElements} sources
 */

/**
 * What is said in writing, and pictures with it: chosen, pasted, dropped, from the camera or the screen.
 *
 * Events: `say` (detail `{text, images}`), `notice` (detail: a sentence).
 */
export class ComposerView extends EventTarget {
  #elements;
  /** @type {string[]} data URIs */
  #images = [];
  #say;

  /** @param {ComposerElements} elements @param {import('./page-language.js').Say} say */
  constructor(elements, say) {
    super();
    this.#say = say;
    this.#elements = elements;
    const { form, message, sources } = elements;
    const source = new ImageSources(sources);
    source.addEventListener('image', (event) => this.#attach(/** @type {CustomEvent} */ (event).detail));
    source.addEventListener(
      'file',
      (event) => void this.#attachFile(/** @type {CustomEvent} */ (event).detail),
    );
    source.addEventListener('notice', (event) => this.#notice(/** @type {CustomEvent} */ (event).detail));
    form.addEventListener('submit', (event) => this.#submit(event));
    message.addEventListener('input', () => this.#render());
    message.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) this.#submit(event);
    });
    message.addEventListener('paste', (event) => this.#take(event, event.clipboardData));
    // Anywhere on the page: beside the form a browser would leave the page, and the call, for the picture.
    document.addEventListener('dragover', (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      this.#take(event, event.dataTransfer);
      if (event.dataTransfer?.files.length) event.preventDefault();
    });
  }

  /** Gives back what could not be sent, before what is being written. @param {{text: string, images: string[]}} message */
  restore({ text, images }) {
    const { message } = this.#elements;
    message.value = [text, message.value].filter((part) => part !== '').join('\n');
    this.#images = [...images, ...this.#images].slice(0, MOST_IMAGES);
    this.#render();
  }

  /** Takes the images out of a paste or a drop. @param {Event} event @param {DataTransfer | null} data */
  #take(event, data) {
    const files = [...(data?.files ?? [])].filter(({ type }) => type.startsWith('image/'));
    if (files.length === 0) return;
    event.preventDefault();
    for (const file of files) void this.#attachFile(file);
  }

  /** @param {File} file */
  async #attachFile(file) {
    try {
      this.#attach(await imageFromFile(file));
    } catch {
      this.#notice(`${file.name || 'This'} is not an image that the browser can read.`);
    }
  }

  /** @param {string} image */
  #attach(image) {
    if (this.#images.length >= MOST_IMAGES)
      this.#notice(`At most ${MOST_IMAGES} images go with one message.`);
    else this.#images.push(image);
    this.#render();
    this.#elements.message.focus();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#elements.message.value.trim();
    if (text === '' && this.#images.length === 0) return;
    this.dispatchEvent(new CustomEvent('say', { detail: { text, images: this.#images } }));
    this.#elements.message.value = '';
    this.#images = [];
    this.#render();
  }

  #render() {
    const { message, send, attachments } = this.#elements;
    send.disabled = message.value.trim() === '' && this.#images.length === 0;
    message.style.height = 'auto';
    message.style.height = `${message.scrollHeight}px`;
    attachments.hidden = this.#images.length === 0;
    attachments.replaceChildren(...this.#images.map((image, index) => this.#makeAttachment(image, index)));
  }

  /** @param {string} image @param {number} index */
  #makeAttachment(image, index) {
    const remove = make('button', {
      type: 'button',
      class: 'attachment-remove',
      'aria-label': this.#say(`Remove image ${index + 1}`),
    });
    remove.append(makeIcon('close'));
    remove.addEventListener('click', () => {
      this.#images.splice(index, 1);
      this.#render();
    });
    return make(
      'li',
      { class: 'attachment' },
      make('img', { src: image, alt: this.#say(`Image ${index + 1} to send`) }),
      remove,
    );
  }

  /** @param {string} sentence */
  #notice(sentence) {
    this.dispatchEvent(new CustomEvent('notice', { detail: sentence }));
  }
}
