/** The drawer's Events tab: the log of events, filtered, each with its JSON. */
import { matches } from '../protocol/event-log.js';
import { copy, downloadJson, stamp } from './files.js';
import { make, setText } from './page.js';

/** @typedef {import('../protocol/event-log.js').LogEntry} LogEntry */

const MOST_ROWS = 400;

/**
 * @typedef {object} EventsElements
 * @property {HTMLElement} list
 * @property {HTMLInputElement} filter
 * @property {HTMLSelectElement} direction
 * @property {HTMLElement} download
 * @property {HTMLElement} clear
 */

/** The event log: newest last, each to be opened and copied. */
export class EventsPanel {
  #log;
  #elements;
  /** @type {Map<number, {row: HTMLDetailsElement, count: number}>} */
  #rows = new Map();
  #startedAt = 0;

  /** @param {import('../protocol/event-log.js').EventLog} log @param {EventsElements} elements */
  constructor(log, elements) {
    this.#log = log;
    this.#elements = elements;
    const { filter, direction, download, clear } = elements;
    for (const control of [filter, direction]) control.addEventListener('input', () => this.#restart());
    download.addEventListener('click', () => downloadJson(`realtime-events-${stamp()}.json`, log.entries));
    clear.addEventListener('click', () => {
      log.clear();
      this.#restart();
    });
  }

  render() {
    const { list, filter, direction } = this.#elements;
    const wanted = { words: filter.value, direction: /** @type {'' | 'up' | 'down'} */ (direction.value) };
    const entries = this.#log.entries.filter((entry) => matches(entry, wanted)).slice(-MOST_ROWS);
    const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    this.#startedAt = this.#log.entries[0]?.at ?? 0;
    this.#removeOthers(entries);
    for (const entry of entries) this.#renderEntry(entry);
    if (follow) list.scrollTop = list.scrollHeight;
  }

  #restart() {
    this.#rows.clear();
    this.#elements.list.replaceChildren();
    this.render();
  }

  /** @param {LogEntry[]} entries */
  #removeOthers(entries) {
    const oldest = entries[0]?.id ?? Infinity;
    for (const [id, { row }] of this.#rows) {
      if (id >= oldest) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  /** @param {LogEntry} entry */
  #renderEntry(entry) {
    const known = this.#rows.get(entry.id);
    if (known?.count === entry.count) return;
    const shown = known ?? { row: this.#makeRow(entry), count: 0 };
    shown.count = entry.count;
    this.#rows.set(entry.id, shown);
    setText(/** @type {Element} */ (shown.row.querySelector('.event-extent')), extent(entry));
    if (shown.row.open) fillBody(shown.row, entry);
  }

  /** @param {LogEntry} entry */
  #makeRow(entry) {
    const seconds = ((entry.at - this.#startedAt) / 1000).toFixed(2);
    const summary = make(
      'summary',
      {},
      make('span', { class: 'event-time' }, seconds),
      make(
        'span',
        { class: 'event-direction', title: entry.direction === 'up' ? 'Sent' : 'Received' },
        entry.direction === 'up' ? '↑' : '↓',
      ),
      make('span', { class: 'event-type' }, ...breakable(entry.type)),
      make('span', { class: 'event-extent' }),
    );
    const row = make(
      'details',
      { class: 'event', 'data-direction': entry.direction, 'data-type': entry.type, 'data-sign': String(entry.sign) },
      summary,
    );
    row.addEventListener('toggle', () => {
      if (row.open) fillBody(row, entry);
      else row.querySelector('.event-body')?.remove();
    });
    this.#elements.list.append(row);
    return row;
  }
}

/** A type that may be broken into lines after its dots. @param {string} type @returns {(Node | string)[]} */
function breakable(type) {
  const parts = type.split(/(?<=\.)/u);
  return parts.flatMap((part, index) => (index === 0 ? [part] : [make('wbr'), part]));
}

/** @param {LogEntry} entry */
function extent({ count, audioMs, sign }) {
  const why = sign ? 'sign of life' : '';
  const times = count > 1 ? `×${count}` : '';
  const sound = audioMs > 0 ? `${(audioMs / 1000).toFixed(2)} s` : '';
  return [why, times, sound].filter((part) => part !== '').join(' · ');
}

/** @param {HTMLDetailsElement} row @param {LogEntry} entry */
function fillBody(row, entry) {
  const json = JSON.stringify(entry.event, null, 2);
  const known = row.querySelector('.event-body pre');
  if (known !== null) {
    setText(known, json);
    return;
  }
  const button = make('button', { type: 'button', class: 'button small' }, 'Copy');
  button.addEventListener('click', async () => {
    button.textContent = (await copy(JSON.stringify(entry.event, null, 2))) ? 'Copied' : 'Refused';
  });
  row.append(make('div', { class: 'event-body' }, button, make('pre', { tabindex: '0' }, json)));
}
