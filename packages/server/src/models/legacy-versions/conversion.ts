import type { Fields } from './fields.ts';

/**
 * A part of an object that one version cannot tell as the other one does; paths are without lists.
 */
export interface Piece {
  /** Where it is in the version that is served; none where that version has nothing of the kind. */
  served?: string;
  /** Where it is in the older version. */
  legacy?: string;
  /**
   * Kubernetes' own annotation for it in the older version; else it goes into one of this server's.
   */
  annotation?: string;
  /** What only the older version can tell is kept elsewhere. */
  onlyNewer?: boolean;
}

/**
 * How objects of a kind are told in an older version and in the one that is served; without
 * defaults both ways. Functions take whatever was sent, also parts of objects, leave what they do
 * not know as it is, and change no argument.
 */
export interface Conversion {
  toServed(object: Fields): Fields;
  toLegacy(object: Fields): Fields;
  /**
   * An object of the older version with the defaults of that version where they differ from those
   * of the served one.
   */
  withDefaults?(object: Fields): Fields;
  /**
   * Paths of the older version that say how the rest is to be told: an applied configuration
   * without them means what is stored.
   */
  fromStored?: readonly string[];
  /** Parts that lose something on the way: they are kept in annotations. */
  pieces?: readonly Piece[];
  /**
   * Annotations of its own by which it keeps more; they are left out where nothing hangs on them.
   */
  annotations?: readonly string[];
  /** Paths that the served version has and the older one does not, which its decoder would drop. */
  unknown?: readonly string[];
}

/**
 * A conversion of a kind that has the same fields in both versions, with other defaults in the
 * older one.
 */
export function sameFields(withDefaults: NonNullable<Conversion['withDefaults']>): Conversion {
  return { toServed: (object) => object, toLegacy: (object) => object, withDefaults };
}
