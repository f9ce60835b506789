/**
 * The developer drawer: tabs and their panels, of which only the one that is seen is rendered.
 *
 * @typedef {{tab: HTMLElement, panel: HTMLElement, render: () => void}} Tab
 */
export class DrawerView {
  #drawer;
  #button;
  #tabs;
  #selected = 0;

  /**
   * @param {HTMLElement} drawer
   * @param {HTMLElement} button that opens it
   * @param {HTMLElement} close
   * @param {Tab[]} tabs
   */
  constructor(drawer, button, close, tabs) {
    this.#drawer = drawer;
    this.#button = button;
    this.#tabs = tabs;
    button.addEventListener('click', () => this.toggle(!this.open));
    close.addEventListener('click', () => this.toggle(false));
    tabs.forEach(({ tab }, index) => {
      tab.addEventListener('click', () => this.#select(index));
      tab.addEventListener('keydown', (event) => this.#move(event, index));
    });
    drawer.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.toggle(false);
    });
  }

  get open() {
    return !this.#drawer.hidden;
  }

  /** @param {boolean} open */
  toggle(open) {
    if (open === this.open) return;
    this.#drawer.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#tabs[this.#selected].tab.focus();
    else this.#button.focus();
    this.render();
  }

  render() {
    if (this.open) this.#tabs[this.#selected].render();
  }

  /** @param {number} index */
  #select(index) {
    this.#selected = index;
    this.#tabs.forEach(({ tab, panel }, other) => {
      tab.setAttribute('aria-selected', String(other === index));
      tab.tabIndex = other === index ? 0 : -1;
      panel.hidden = other !== index;
    });
    this.render();
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #move(event, index) {
    const last = this.#tabs.length - 1;
    const next = {
      ArrowRight: index === last ? 0 : index + 1,
      ArrowLeft: index === 0 ? last : index - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.#select(next);
    this.#tabs[next].tab.focus();
  }
}
