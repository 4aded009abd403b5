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
 * Returns the part of a default that the stored object does not contradict: it has that value, or
 * none. Undefined for nothing.
 */
function missingDefault(value: unknown, stored: unknown): unknown {
  if (isAbsent(stored) || equalJson(value, stored)) {
    return value;
  }

  const part = isFields(value) && isFields(stored) ? fillFields({}, value, stored) : {};

  return Object.keys(part).length > 0 ? part : undefined;
}

/** Adds to an applied value the defaults that the stored object does not contradict. */
function fillDefaults(applied: unknown, complete: unknown, stored: unknown): unknown {
  if (Array.isArray(applied) && Array.isArray(complete)) {
    return applied.map((element, i) =>
      fillDefaults(element, complete[i], elementOf(stored, element)),
    );
  }

  return isFields(applied) && isFields(complete) ? fillFields(applied, complete, stored) : applied;
}

/** The same for two values with fields. */
function fillFields(applied: Fields, complete: Fields, stored: unknown): Fields {
  const result: Fields = {};

  for (const [name, value] of Object.entries(complete)) {
    const kept = isFields(stored) && Object.hasOwn(stored, name) ? stored[name] : undefined;

    if (Object.hasOwn(applied, name)) {
      setOwn<unknown>(result, name, fillDefaults(applied[name], value, kept));
    } else {
      const missing = missingDefault(value, kept);
      if (missing !== undefined) {
        setOwn<unknown>(result, name, missing);
      }
    }
  }

  return result;
}

/**
 * Adds the defaults of its version to an applied configuration, except those that the stored object
 * contradicts: appliers own the fields that they name, and a default must not take a field from
 * others. A default that was applied once stays applied, or it would be removed. Elements of lists
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

  return withDefaults ? fillFields(result, withDefaults(result), stored) : result;
}
