import type { ResourceType } from '../resource-type.ts';
import type { Strategy } from '../strategy.ts';
import { BUILTIN_STRATEGIES } from './builtin.ts';
import { customStrategy } from './custom-resources.ts';
import { WARNINGS } from './warnings.ts';

const PLAIN: Strategy = {};

/** Strategies by resource: the built-in ones and those given by the server. */
export class Strategies {
  readonly #given = new Map<string, Strategy>();
  readonly #custom = new WeakMap<ResourceType, Strategy>();

  /** `given` is keyed by `resource` or `resource.group` and adds to the built-in strategies. */
  constructor(given: ReadonlyMap<string, Strategy> = new Map()) {
    for (const key of new Set([
      ...BUILTIN_STRATEGIES.keys(),
      ...WARNINGS.keys(),
      ...given.keys(),
    ])) {
      const warnings = WARNINGS.get(key);
      this.#given.set(key, {
        ...BUILTIN_STRATEGIES.get(key),
        ...(warnings && { warnings }),
        ...given.get(key),
      });
    }
  }

  of(type: ResourceType): Strategy {
    if (type.custom) {
      let strategy = this.#custom.get(type);
      if (!strategy) {
        strategy = customStrategy(type);
        this.#custom.set(type, strategy);
      }

      return strategy;
    }

    const key =
      type.storage.group === '' ? type.resource : `${type.resource}.${type.storage.group}`;

    return this.#given.get(key) ?? PLAIN;
  }
}
