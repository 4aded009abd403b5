// biome-ignore lint/suspicious/noExplicitAny: what a type's fields are is known by its schema, not by the compiler.
export type Fields = Record<string, any>;

/** Sets the fields of a type that are missing, or empty texts, to copies of these values. */
export function fill(value: Fields, defaults: Fields): void {
  for (const [field, byDefault] of Object.entries(defaults)) {
    if (value[field] !== undefined && value[field] !== '') continue;
    // A tenth of the time of a write went into cloning texts.
    value[field] = typeof byDefault === 'object' ? structuredClone(byDefault) : byDefault;
  }
}

/** Like `fill`, for fields whose zero counts as missing too. */
export function fillZero(value: Fields, defaults: Readonly<Record<string, number>>): void {
  for (const [field, byDefault] of Object.entries(defaults)) {
    if (!value[field]) value[field] = byDefault;
  }
}
