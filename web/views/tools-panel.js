/** The drawer's Tools tab: defines functions for the session, and how their calls are answered. */
import { make, setText } from './page.js';

const EXAMPLE = JSON.stringify(
  { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  null,
  2,
);

/**
 * @typedef {object} ToolsElements
 * @property {HTMLElement} list
 * @property {HTMLFormElement} form
 * @property {HTMLInputElement} name
 * @property {HTMLInputElement} description
 * @property {HTMLTextAreaElement} parameters
 * @property {HTMLSelectElement} answer `hand`, `words` or `address`
 * @property {HTMLTextAreaElement} words
 * @property {HTMLInputElement} address
 * @property {HTMLElement} result
 */

/** Functions for the model to call; a call that is not answered by itself is answered in its turn of the transcript. */
export class ToolsPanel {
  #voice;
  #answers;
  #elements;
  #shownTools = '';

  /**
   * @param {import('../session/voice-session.js').VoiceSession} voice
   * @param {import('../session/tool-answers.js').ToolAnswers} answers
   * @param {ToolsElements} elements
   */
  constructor(voice, answers, elements) {
    this.#voice = voice;
    this.#answers = answers;
    elements.answer.addEventListener('change', () => this.#showAnswer());
    this.#elements = elements;
    elements.parameters.value = EXAMPLE;
    elements.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  render() {
    const tools = this.#tools();
    const content = JSON.stringify(tools);
    if (content === this.#shownTools) return;
    this.#shownTools = content;
    const rows = tools.map((tool, index) => this.#makeTool(tool, index));
    this.#elements.list.replaceChildren(
      ...(rows.length > 0 ? rows : [make('li', { class: 'hint' }, 'None.')]),
    );
  }

  /** @returns {any[]} */
  #tools() {
    return this.#voice.client?.session?.tools ?? [];
  }

  #add() {
    const { name, description, parameters, result } = this.#elements;
    if (this.#voice.client === null) {
      setText(result, 'Start a session first.');
      return;
    }
    try {
      const schema = JSON.parse(parameters.value || '{"type":"object","properties":{}}');
      const tool = {
        type: 'function',
        name: name.value.trim(),
        description: description.value.trim(),
        parameters: schema,
      };
      const others = this.#tools().filter((other) => other.name !== tool.name);
      this.#answers.set(tool.name, this.#answer());
      this.#voice.client.updateSession({ tools: [...others, tool] });
      setText(result, `${tool.name} was sent. The model may call it from its next answer on.`);
    } catch (error) {
      setText(result, `The parameters are not JSON: ${/** @type {Error} */ (error).message}`);
    }
  }

  /**
   * How the function's calls are to be answered; null by hand.
   *
   * @returns {import('../session/tool-answers.js').Answer | null}
   */
  #answer() {
    const { answer, words, address } = this.#elements;
    if (answer.value === 'words') return { kind: 'words', words: words.value };
    return answer.value === 'address' ? { kind: 'address', url: address.value.trim() } : null;
  }

  #showAnswer() {
    const { answer, words, address } = this.#elements;
    for (const [field, kind] of /** @type {const} */ ([[words, 'words'], [address, 'address']]))
      /** @type {HTMLElement} */ (field.closest('label')).hidden = answer.value !== kind;
    address.required = answer.value === 'address';
  }

  /** @param {any} tool @param {number} index */
  #makeTool(tool, index) {
    const title = tool.name ?? tool.server_label ?? tool.type;
    const remove = make(
      'button',
      { type: 'button', class: 'button small', 'aria-label': `Remove ${title}` },
      'Remove',
    );
    remove.addEventListener('click', () =>
      this.#voice.client?.updateSession({ tools: this.#tools().toSpliced(index, 1) }),
    );
    const words = make(
      'div',
      { class: 'panel-grow' },
      make('p', { class: 'tool-name' }, title),
      make('p', { class: 'hint' }, tool.description ?? ''),
    );
    return make('li', {}, words, remove);
  }
}
