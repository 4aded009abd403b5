import type { Fields } from './fields.ts';

/** A part of an object that one version cannot express like the other; paths are without lists. */
export interface Piece {
  /** Its path in the served version; absent if that version has no such field. */
  served?: string;
  /** Its path in the older version. */
  legacy?: string;
  /** Kubernetes' own annotation for it in the older version; otherwise one of this server's. */
  annotation?: string;
  /** Set if the values that only the older version can express are kept elsewhere. */
  onlyNewer?: boolean;
}

/**
 * Converts objects of a kind between an older version and the served one, without defaulting.
 * Functions accept any value, also parts of objects, leave what they do not know unchanged, and do
 * not modify their arguments.
 */
export interface Conversion {
  toServed(object: Fields): Fields;
  toLegacy(object: Fields): Fields;
  /** Sets the older version's defaults where they differ from those of the served version. */
  withDefaults?(object: Fields): Fields;
  /**
   * Paths of the older version that decide how the rest is read: an applied configuration without
   * them takes the stored values.
   */
  fromStored?: readonly string[];
  /** Parts that lose information in conversion: they are kept in annotations. */
  pieces?: readonly Piece[];
  /** Annotations in which the conversion keeps more; removed when they have no effect. */
  annotations?: readonly string[];
  /**
   * Paths that the served version has and the older one does not; the older version's decoder would
   * drop them.
   */
  unknown?: readonly string[];
}

/**
 * Returns the conversion of a kind with the same fields in both versions and other defaults in the
 * older one.
 */
export function sameFields(withDefaults: NonNullable<Conversion['withDefaults']>): Conversion {
  return { toServed: (object) => object, toLegacy: (object) => object, withDefaults };
}
