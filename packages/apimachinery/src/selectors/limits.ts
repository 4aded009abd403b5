import { badRequest } from '../meta/errors.ts';

/** Most conditions of one selector: each is checked for every object. */
export const MAX_CONDITIONS = 100;

/** Most values that `in` and `notin` of one selector name together. */
const MAX_VALUES = 1000;

const COMMA = 0x2c;
const OPEN = 0x28;
const CLOSE = 0x29;
const BAR = 0x7c;
const BACKSLASH = 0x5c;

/**
 * Throws 400 for a label or field selector in query form with too many conditions, before any of it
 * is parsed; alternatives between `||` count together. Looks at each character once. `form` says
 * what hides a comma: parentheses in label selectors, a backslash in field selectors.
 */
export function checkConditions(text: string, form: 'labels' | 'fields'): void {
  let conditions = 1;
  let values = 0;
  let inside = false;

  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COMMA) {
      if (inside) {
        values += 1;
      } else {
        conditions += 1;
      }
    } else if (code === BAR && text.charCodeAt(i + 1) === BAR) {
      conditions += 1;
      i += 1;
    } else if (form === 'fields') {
      if (code === BACKSLASH) {
        i += 1;
      }
    } else if (code === OPEN) {
      inside = true;
      values += 1;
    } else if (code === CLOSE) {
      inside = false;
    }
  }

  if (conditions > MAX_CONDITIONS) {
    throw badRequest(
      `a selector has at most ${MAX_CONDITIONS} conditions, this one has ${conditions}`,
    );
  }

  if (values > MAX_VALUES) {
    throw badRequest(`a selector names at most ${MAX_VALUES} values, this one names ${values}`);
  }
}
