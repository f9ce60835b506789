/**
 * What of a session object can be edited, and the smallest `session.update` between two versions of it.
 */

/** What the other side fixes. */
const FIXED = new Set(['id', 'object', 'type', 'model', 'expires_at', 'client_secret']);

/** The objects whose fields can be changed one by one; any other value is replaced whole. */
const NESTED = new Set(['audio', 'input', 'output']);

/** @param {Record<string, any>} session @returns {Record<string, any>} what of it may be changed */
export function editable(session) {
  return Object.fromEntries(Object.entries(session).filter(([name]) => !FIXED.has(name)));
}

/**
 * What to send so that `before` becomes `after`: only what differs, since a session.update that holds one
 * refused field is refused whole. Fields that are missing from `after` stay as they are.
 *
 * @param {Record<string, any>} before
 * @param {Record<string, any>} after
 * @returns {Record<string, any>} empty where nothing differs
 */
export function sessionChanges(before, after) {
  /** @type {Record<string, any>} */
  const changes = {};
  for (const [name, value] of Object.entries(after)) {
    if (same(before[name], value)) continue;
    const inner = NESTED.has(name) && isObject(before[name]) && isObject(value);
    changes[name] = inner ? sessionChanges(before[name], value) : value;
  }
  return changes;
}

/** @param {any} a @param {any} b @returns {boolean} whatever the order of fields */
function same(a, b) {
  if (!isObject(a) || !isObject(b)) return JSON.stringify(a) === JSON.stringify(b);
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => same(a[name], b[name]));
}

/** @param {any} value */
function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
