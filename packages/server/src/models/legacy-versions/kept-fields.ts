import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { Conversion, Piece } from './conversion.ts';
import {
  annotationOf,
  type Fields,
  parseAnnotation,
  valueAt,
  withAnnotation,
  withValueAt,
} from './fields.ts';

/** On stored objects: what only the older version can express. */
export const OLDER_FIELDS = 'conversion.kubesphere.io/older-fields';

/** On objects in an older version: what only the served version can express. */
export const NEWER_FIELDS = 'conversion.kubesphere.io/newer-fields';

type Side = 'served' | 'legacy';

/** Returns the path of a piece on a side that has it: only such pieces are kept. */
function pathOn(piece: Piece, side: Side): string {
  return piece[side] ?? '';
}

/**
 * Returns the pieces that differ after conversion to the other version and back; `null` for a field
 * that the conversion adds.
 */
function findLost(
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

function keepInAnnotations(object: Fields, kept: Map<Piece, unknown>, side: Side): Fields {
  let result = object;
  const own: [string, unknown][] = [];

  for (const [piece, value] of kept) {
    if (piece.annotation !== undefined && side === 'served') {
      result = withAnnotation(result, piece.annotation, JSON.stringify(value));
    } else {
      own.push([pathOn(piece, side), value]);
    }
  }

  const name = side === 'served' ? NEWER_FIELDS : OLDER_FIELDS;

  return own.length === 0
    ? result
    : withAnnotation(result, name, JSON.stringify(Object.fromEntries(own)));
}

/**
 * Returns what annotations keep of the fields of one side, and the object without these
 * annotations.
 */
function takeKept(
  object: Fields,
  pieces: readonly Piece[],
  side: Side,
): { rest: Fields; kept: Map<Piece, unknown> } {
  const name = side === 'served' ? NEWER_FIELDS : OLDER_FIELDS;
  const own = parseAnnotation(annotationOf(object, name));
  let rest = withAnnotation(object, name, undefined);
  const kept = new Map<Piece, unknown>();

  for (const piece of pieces) {
    const path = piece[side];
    if (path === undefined) {
      continue;
    }

    if (piece.annotation !== undefined && side === 'served') {
      const value = parseAnnotation(annotationOf(object, piece.annotation));

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
 * Restores kept pieces that were not changed on the other side: converted there, they still equal
 * the object's.
 */
function restoreKept(
  converted: Fields,
  from: Fields,
  kept: Map<Piece, unknown>,
  side: Side,
  back: (object: Fields) => Fields,
): Fields {
  const other = side === 'served' ? 'legacy' : 'served';
  let result = converted;

  for (const [piece, value] of kept) {
    const candidate = withValueAt(result, pathOn(piece, side), value ?? undefined);
    const path = piece[other];
    if (path === undefined || equalJson(valueAt(back(candidate), path), valueAt(from, path))) {
      result = candidate;
    }
  }

  return result;
}

/**
 * Converts an object to the served version: restores what was kept in annotations, and keeps what
 * the served version cannot express.
 */
export function convertToServed(
  { toServed, toLegacy, pieces = [], annotations = [] }: Conversion,
  object: Fields,
): Fields {
  const { rest, kept } = takeKept(object, pieces, 'served');
  let served = restoreKept(toServed(rest), rest, kept, 'served', toLegacy);

  for (const name of kept.size > 0 ? annotations : []) {
    const without = withAnnotation(served, name, undefined);
    served = equalJson(toLegacy(without), toLegacy(served)) ? without : served;
  }

  return keepInAnnotations(served, findLost(rest, toLegacy(served), pieces, 'legacy'), 'legacy');
}

/**
 * Converts an object to the older version: restores what was kept in annotations, and keeps what
 * the older version cannot express.
 */
export function convertToLegacy(
  { toServed, toLegacy, pieces = [] }: Conversion,
  object: Fields,
): Fields {
  const { rest, kept } = takeKept(object, pieces, 'legacy');
  const legacy = restoreKept(toLegacy(rest), rest, kept, 'legacy', toServed);
  return keepInAnnotations(legacy, findLost(rest, toServed(legacy), pieces, 'served'), 'served');
}
