// biome-ignore lint/suspicious/noExplicitAny: what a type's fields are is known by its schema, not by the compiler.
export type Fields = Record<string, any>;

/**
 * Sets the fields of a type that are missing to copies of these values. Empty texts that count as
 * missing are gone by then; what is left of them is behind a pointer, or a required text.
 */
export function fill(value: Fields, defaults: Fields): void {
  for (const [field, byDefault] of Object.entries(defaults)) {
    if (value[field] !== undefined) {
      continue;
    }

    // A tenth of the time of a write went into cloning texts.
    value[field] = typeof byDefault === 'object' ? structuredClone(byDefault) : byDefault;
  }
}

/** Like `fill`, for fields whose zero counts as missing too. */
export function fillZero(value: Fields, defaults: Readonly<Record<string, number>>): void {
  for (const [field, byDefault] of Object.entries(defaults)) {
    if (!value[field]) {
      value[field] = byDefault;
    }
  }
}
