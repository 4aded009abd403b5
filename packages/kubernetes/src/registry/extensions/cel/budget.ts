import { CelFailure } from './failure.ts';
import { callOf, childrenOf, type Node, operandsOf } from './node.ts';

/** Kubernetes' message for rules that exceed their budget. */
export const OUT_OF_BUDGET =
  'validation failed due to running out of cost budget, no further validation rules will be run';

/** Thrown by an expression that needs more steps than are left. */
export class BudgetExceeded extends CelFailure {
  constructor() {
    super(OUT_OF_BUDGET);
  }
}

/**
 * Evaluation steps that are left: evaluating a node costs one, and comparing values one for every
 * few characters or items.
 */
export interface Budget {
  left: number;
}

let current: Budget = { left: Number.POSITIVE_INFINITY };

/** Runs an evaluation on a budget; throws BudgetExceeded where it needs more steps. */
export function within<T>(budget: Budget, run: () => T): T {
  const outer = current;

  current = budget;

  try {
    const result = run();
    // A quantifier may have caught the error as one of its condition.
    if (budget.left < 0) {
      throw new BudgetExceeded();
    }

    return result;
  } finally {
    current = outer;
  }
}

function spend(steps: number): void {
  current.left -= steps;
  if (current.left < 0) {
    throw new BudgetExceeded();
  }
}

const PIECE = 16;
const sizes = new WeakMap<object, number>();

/** The cost of reading a value, in steps. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') {
    return value.length / PIECE;
  }
  if (value === null || typeof value !== 'object') {
    return 0;
  }
  if (value instanceof Uint8Array) {
    return value.length / PIECE;
  }

  let size = sizes.get(value);
  if (size === undefined) {
    size = 1;

    for (const item of Object.values(value)) {
      size += 1 + sizeOf(item);
    }

    sizes.set(value, size);
  }

  return size;
}

/** The parts whose values are read to their end to evaluate a node. */
function readParts(node: Node): readonly Node[] {
  switch (node.op) {
    case 'in':
    case '==':
    case '!=':
    case '+':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return operandsOf(node);
    case 'call':
    case 'rcall':
      return callOf(node)?.name === 'size' ? [] : childrenOf(node);
    default:
      return [];
  }
}

type Evaluate = (...args: unknown[]) => unknown;

/** How the parent of a part uses its value. */
interface PartUse {
  /** True where the parent reads all of the value, as `==` does. */
  isRead: boolean;
  /** True where a quantifier goes through the value. */
  isRange: boolean;
}

/**
 * Makes every evaluation of a part count. The library replaces `evaluate` with functions of its
 * own: those count too.
 */
function charge(node: Node, { isRead, isRange }: PartUse): void {
  let evaluate = node.evaluate as Evaluate;

  const counted = function (this: unknown, ...args: unknown[]) {
    // Quantifiers go on after an error: once the budget is spent they get an empty range.
    if (isRange && current.left < 0) {
      return [];
    }

    spend(1);

    const value = evaluate.apply(node, args);

    if (isRead) {
      spend(sizeOf(value));
    }

    return value;
  };

  Object.defineProperty(node, 'evaluate', {
    configurable: true,
    get: () => counted,
    set: (replacement: Evaluate) => {
      evaluate = replacement;
    },
  });
}

/** Makes each evaluation of an expression take its steps from the budget that it runs under. */
export function chargeParts(root: Node): void {
  const read = new Set<Node>();
  const ranges = new Set<Node>();
  const all = new Set<Node>();

  const visit = (node: Node) => {
    if (all.has(node)) {
      return;
    }

    all.add(node);

    for (const part of readParts(node)) {
      read.add(part);
    }

    const range = (node.meta.alternate?.args as { iterable?: Node } | undefined)?.iterable;
    if (range) {
      ranges.add(range);
    }

    for (const child of childrenOf(node)) {
      visit(child);
    }
  };

  visit(root);

  for (const node of all) {
    charge(node, { isRead: read.has(node), isRange: ranges.has(node) });
  }
}
