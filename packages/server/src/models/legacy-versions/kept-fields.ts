import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { Conversion, Piece } from './conversion.ts';
import {
  annotationOf,
  type Fields,
  parsedAnnotation,
  valueAt,
  withAnnotation,
  withValueAt,
} from './fields.ts';

/** On objects as they are stored: what only the older version can tell. */
export const OLDER_FIELDS = 'conversion.kubesphere.io/older-fields';

/** On objects as they are shown in an older version: what only the served version can tell. */
export const NEWER_FIELDS = 'conversion.kubesphere.io/newer-fields';

type Side = 'served' | 'legacy';

/**
 * What of an object is lost where it is told in the other version and back; `null` for a field that
 * comes out of nothing.
 */
function lost(
  object: Fields,
  back: Fields,
  pieces: readonly Piece[],
  side: Side,
): Map<Piece, unknown> {
  const found = new Map<Piece, unknown>();

  for (const piece of pieces) {
    const path = side === 'legacy' && piece.onlyNewer ? undefined : piece[side];
    if (path !== undefined && !equalJson(valueAt(object, path), valueAt(back, path))) {
      found.set(piece, valueAt(object, path) ?? null);
    }
  }

  return found;
}

function withKept(object: Fields, kept: Map<Piece, unknown>, side: Side): Fields {
  let result = object;
  const own: [string, unknown][] = [];

  for (const [piece, value] of kept) {
    if (piece.annotation !== undefined && side === 'served') {
      result = withAnnotation(result, piece.annotation, JSON.stringify(value));
    } else {
      own.push([piece[side]!, value]);
    }
  }

  const name = side === 'served' ? NEWER_FIELDS : OLDER_FIELDS;

  return own.length === 0
    ? result
    : withAnnotation(result, name, JSON.stringify(Object.fromEntries(own)));
}

/** What annotations keep of the fields of one side, and the object without them. */
function taken(
  object: Fields,
  pieces: readonly Piece[],
  side: Side,
): { rest: Fields; kept: Map<Piece, unknown> } {
  const name = side === 'served' ? NEWER_FIELDS : OLDER_FIELDS;
  const own = parsedAnnotation(annotationOf(object, name));
  let rest = withAnnotation(object, name, undefined);
  const kept = new Map<Piece, unknown>();

  for (const piece of pieces) {
    const path = piece[side];
    if (path === undefined) {
      continue;
    }

    if (piece.annotation !== undefined && side === 'served') {
      const value = parsedAnnotation(annotationOf(object, piece.annotation));

      rest = withAnnotation(rest, piece.annotation, undefined);

      if (value !== undefined) {
        kept.set(piece, value);
      }
    } else if (own && Object.hasOwn(own, path)) {
      kept.set(piece, own[path]);
    }
  }

  return { rest, kept };
}

/**
 * Puts back what was kept where the other side has not been changed since: told there it is still
 * what the object says.
 */
function restored(
  converted: Fields,
  from: Fields,
  kept: Map<Piece, unknown>,
  side: Side,
  back: (object: Fields) => Fields,
): Fields {
  const other = side === 'served' ? 'legacy' : 'served';
  let result = converted;

  for (const [piece, value] of kept) {
    const candidate = withValueAt(result, piece[side]!, value ?? undefined);
    const path = piece[other];
    if (path === undefined || equalJson(valueAt(back(candidate), path), valueAt(from, path))) {
      result = candidate;
    }
  }

  return result;
}

/**
 * An object of the older version as the served one tells it, with what was kept, and with what is
 * to be kept.
 */
export function toServedKeeping(
  { toServed, toLegacy, pieces = [], annotations = [] }: Conversion,
  object: Fields,
): Fields {
  const { rest, kept } = taken(object, pieces, 'served');
  let served = restored(toServed(rest), rest, kept, 'served', toLegacy);

  for (const name of kept.size > 0 ? annotations : []) {
    const without = withAnnotation(served, name, undefined);
    served = equalJson(toLegacy(without), toLegacy(served)) ? without : served;
  }

  return withKept(served, lost(rest, toLegacy(served), pieces, 'legacy'), 'legacy');
}

/**
 * An object of the served version as the older one tells it, with what was kept, and with what is
 * to be kept.
 */
export function toLegacyKeeping(
  { toServed, toLegacy, pieces = [] }: Conversion,
  object: Fields,
): Fields {
  const { rest, kept } = taken(object, pieces, 'legacy');
  const legacy = restored(toLegacy(rest), rest, kept, 'legacy', toServed);
  return withKept(legacy, lost(rest, toServed(legacy), pieces, 'served'), 'served');
}
