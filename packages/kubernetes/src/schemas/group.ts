/**
 * The types of one group-version in a compact notation, one line a type: `Name flags: field type
 * flags; …`.
 *
 * A type is `string`, `bool`, `int32`, `int64`, `double`, `bytes` (base64), `time`, `microtime`,
 * `quantity`, `intorstring`, `raw` (any object), `fields` (FieldsV1), `any`, `[]T`, `{}T` (a map),
 * a name of the same group-version, or `group.Name`. `!` after a field's name marks it required.
 * Flags: `map(keys)`, `set`, `atomic`, `granular` (list or map type), `merge(key)`, `merge`,
 * `retain`, `replace` (strategic merge patch), `enum(a|b)`, `=default` (JSON), `struct` (no pointer
 * in Go: always there, `{}` at least), `ptr` (a pointer in Go: an explicit zero stays), `always`
 * and `omitted` (written, or not, where it is zero, unlike other optional or required fields),
 * `dropped` (behind a closed feature gate, or out of use). A type without fields and without
 * `object` takes any JSON; with `or(T)` its objects, and those in its lists, are of type `T`.
 */
export interface SchemaGroup {
  group: string;
  version: string;
  /** Prefix of the names of definitions in OpenAPI documents. */
  definitions: string;
  /** Top-level kinds, separated by blanks; their list kinds follow from them. */
  kinds: string;
  types: string;
}
