import { equalJson, setOwn } from '@ks-apiserver/apimachinery/json/json';
import type { Conversion } from '../conversion.ts';
import { type Fields, isAbsent, isFields, valueAt, withValueAt } from '../fields.ts';

function elementOf(list: unknown, element: unknown): unknown {
  if (!Array.isArray(list) || !isFields(element) || isAbsent(element.name)) {
    return undefined;
  }

  return list.find((each) => isFields(each) && each.name === element.name);
}

/**
 * What of a default is still to be said: it stays what it is, or becomes it. Undefined for nothing.
 */
function standing(value: unknown, stored: unknown): unknown {
  if (isAbsent(stored) || equalJson(value, stored)) {
    return value;
  }

  const part = isFields(value) && isFields(stored) ? filled({}, value, stored) : {};

  return Object.keys(part as Fields).length > 0 ? part : undefined;
}

/** What was applied with those of its defaults that the stored object does not contradict. */
function filled(applied: unknown, complete: unknown, stored: unknown): unknown {
  if (Array.isArray(applied) && Array.isArray(complete)) {
    return applied.map((element, i) => filled(element, complete[i], elementOf(stored, element)));
  }

  if (!isFields(applied) || !isFields(complete)) {
    return applied;
  }

  const result: Fields = {};

  for (const [name, value] of Object.entries(complete)) {
    const kept = isFields(stored) && Object.hasOwn(stored, name) ? stored[name] : undefined;

    if (Object.hasOwn(applied, name)) {
      setOwn<unknown>(result, name, filled(applied[name], value, kept));
    } else {
      const said = standing(value, kept);
      if (said !== undefined) {
        setOwn<unknown>(result, name, said);
      }
    }
  }

  return result;
}

/**
 * An applied configuration with the defaults of its version, but for those of which the stored
 * object says something else: who applies owns what he names, and defaults do not take it from
 * others. What he has once applied he goes on naming, else it would be removed. Elements of lists
 * without names are replaced as a whole.
 */
export function withAppliedDefaults(
  conversion: Conversion,
  applied: Fields,
  stored: Fields | undefined,
): Fields {
  const { withDefaults, fromStored = [] } = conversion;
  let result = applied;

  for (const path of stored ? fromStored : []) {
    result = isAbsent(valueAt(result, path))
      ? withValueAt(result, path, valueAt(stored, path))
      : result;
  }

  return withDefaults ? (filled(result, withDefaults(result), stored) as Fields) : result;
}
